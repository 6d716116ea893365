CREATE VIEW named AS              -- whom booked declarations name, and in which role: the directory asks for those it does not know
SELECT id AS invoice, declaration, CASE side WHEN 'supplier' THEN library ELSE supplier END AS gln,
       CASE side WHEN 'supplier' THEN 'library' ELSE 'supplier' END AS role
FROM invoice;
