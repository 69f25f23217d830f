CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT);
CREATE TABLE stock (item TEXT PRIMARY KEY, count INTEGER);
INSERT INTO stock VALUES ('tea', 500), ('cake', 1);
