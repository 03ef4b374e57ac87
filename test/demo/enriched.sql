SELECT id, left(customer, 16) AS customer, category, left(summary, 84) AS summary
  FROM tickets
 WHERE id <= 20
 ORDER BY id;

SELECT category, count(*) AS tickets FROM tickets GROUP BY category ORDER BY 2 DESC, 1;
