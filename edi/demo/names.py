"""Names for the demo's world: plainly fictional partners, and titles in the public domain.

The GLNs of two large distributors are real legacy Gencods (check digit wrong, in use all the same), so that the
demo shows how they are treated; the names beside them are invented like all the others.
"""

#: Suppliers: a slug for folders and file names, the name, and the GLN where it must be a certain one.
SUPPLIERS = (
    ("deux-ponts", "Librairie des Deux Ponts", ""),
    ("diffusion-du-phare", "Diffusion du Phare", "3012600500000"),
    ("gros-du-val", "Livres en gros du Val de Brume", "3019000100000"),
    ("chat-lettre", "Librairie Le Chat lettré", ""),
    ("encre-et-sel", "Librairie Encre et Sel", ""),
    ("lanterne-bleue", "Librairie La Lanterne bleue", ""),
    ("fil-des-pages", "Librairie Au fil des pages", ""),
    ("marche-page", "Librairie Marche-page", ""),
)

#: Libraries: slug, name, category of CPI R133-1.
LIBRARIES = (
    ("saint-aubin", "Médiathèque de Saint-Aubin", "1"),
    ("roches-noires", "Bibliothèque des Roches-Noires", "1"),
    ("val-fleuri", "Médiathèque du Val-Fleuri", "1"),
    ("montclair", "Médiathèque de Montclair", "1"),
    ("brumal", "Université de Brumal", "2"),
    ("trois-moulins", "Médiathèque des Trois-Moulins", "1"),
    ("forges", "Comité d'entreprise des Forges", "3"),
    ("jules-ferry", "École Jules-Ferry de Brumal", "primary"),
    ("lecture-pour-tous", "Lecture pour tous, Sauveterre", "4"),
    ("petit-port", "Bibliothèque du Petit-Port", "1"),
    ("haute-lande", "Médiathèque de Haute-Lande", "1"),
    ("quatre-vents", "Bibliothèque des Quatre-Vents", "1"),
)

TITLES = (
    "À rebours", "À se tordre", "Adolphe", "Andromaque", "Atala", "Aurélia", "Bel-Ami", "Bérénice", "Boule de suif",
    "Candide ou l'Optimisme", "Carmen", "Cinq semaines en ballon", "Colomba", "Contes de la bécasse", "Cyrano de Bergerac",
    "De la démocratie en Amérique", "Du côté de chez Swann", "Émile ou De l'éducation", "Eugénie Grandet", "Fables",
    "Germinal", "Horace", "Illusions perdues", "Indiana", "Jacques le Fataliste et son maître", "La Bête humaine",
    "La Chartreuse de Parme", "La Cousine Bette", "La Dame aux camélias", "La Guerre des boutons", "La Mare au diable",
    "La Peau de chagrin", "La Princesse de Clèves", "La Reine Margot", "L'Assommoir",
    "L'Avare", "Le Bourgeois gentilhomme", "Le Capitaine Fracasse", "Le Cid", "Le Comte de Monte-Cristo",
    "Le Dernier Jour d'un condamné", "Le Grand Meaulnes", "Le Horla", "Le Lys dans la vallée", "Le Mariage de Figaro",
    "Le Mystère de la chambre jaune", "Le Père Goriot", "Le Rouge et le Noir", "Le Tour du monde en 80 jours",
    "L'Éducation sentimentale", "Les Caractères", "Les Confessions", "Les Fleurs du mal", "Les Liaisons dangereuses",
    "Les Misérables", "Les Trois Mousquetaires", "Les Trophées", "Lettres de mon moulin", "Lettres persanes",
    "L'Île mystérieuse", "Lorenzaccio", "Madame Bovary", "Mademoiselle Fifi", "Manon Lescaut", "Mateo Falcone",
    "Micromégas", "Nana", "Notre-Dame de Paris", "On ne badine pas avec l'amour", "Pantagruel", "Paul et Virginie",
    "Phèdre", "Pierre et Jean", "Poil de Carotte", "Quatrevingt-treize", "René", "Salammbô", "Sans famille",
    "Sylvie", "Tartuffe", "Thérèse Raquin", "Un cœur simple", "Une saison en enfer", "Une vie", "Vingt ans après",
    "Vingt mille lieues sous les mers", "Voyage au centre de la Terre", "Zadig ou la Destinée",
)  # fmt: skip
