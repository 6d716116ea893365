CREATE TABLE correction (         -- how a correction file is written from the file it corrects, when it is sent: its `answer.body` is empty
    answer INTEGER PRIMARY KEY REFERENCES answer (id),
    recipe TEXT NOT NULL          -- JSON of edi.intake.correcting.Recipe
) STRICT;
