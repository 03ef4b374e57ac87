-- Foreign tables of this same database.
CREATE FOREIGN TABLE fd (id int, g int, n int, t text, w text, f bool, z text) SERVER loop OPTIONS (table_name 'd');
CREATE TABLE fw_base (id int PRIMARY KEY, g int, t text, z text);
INSERT INTO fw_base SELECT id, g, t FROM d;
CREATE FOREIGN TABLE fw (id int, g int, t text, z text) SERVER loop OPTIONS (table_name 'fw_base');
CREATE TABLE fp (id int, g int, t text) PARTITION BY LIST (g);
CREATE TABLE fp_base (id int, g int, t text);
INSERT INTO fp_base SELECT id, g, t FROM d WHERE g IN (0, 1);
CREATE TABLE fp_base2 (id int, g int, t text);
INSERT INTO fp_base2 SELECT id, g, t FROM d WHERE g = 2;
CREATE FOREIGN TABLE fp1 PARTITION OF fp FOR VALUES IN (0, 1) SERVER loop OPTIONS (table_name 'fp_base');
CREATE FOREIGN TABLE fp2 PARTITION OF fp FOR VALUES IN (2) SERVER loop OPTIONS (table_name 'fp_base2');
CREATE TABLE fp3 PARTITION OF fp FOR VALUES IN (3);
INSERT INTO fp3 SELECT id, g, t FROM d WHERE g = 3;
ANALYZE fp3, fp_base, fp_base2, fw_base;
