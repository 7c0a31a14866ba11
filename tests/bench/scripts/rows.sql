-- 150,000 rows in, an index, and questions over them.
CREATE TABLE item(id INTEGER PRIMARY KEY, kind INTEGER, price INTEGER, name TEXT);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)
INSERT INTO item SELECT i, i * 7919 % 97, i * 104729 % 10007, 'item ' || (i * 31337 % 150001) FROM n;
COMMIT;
CREATE INDEX by_name ON item(name);
SELECT kind, count(*), sum(price), max(name) FROM item GROUP BY kind ORDER BY 3 DESC LIMIT 5;
SELECT count(*) FROM item WHERE name LIKE '%77%';
SELECT count(*), sum(a.price * b.price) FROM item a JOIN item b ON b.id = a.price WHERE a.kind < 20;
UPDATE item SET price = price + kind WHERE id % 3 = 0;
SELECT sum(price), min(name) FROM item WHERE name BETWEEN 'item 3' AND 'item 5';
