# inputs.sh - work for real programs, the same on every machine; source it.
# shellcheck shell=bash

# rows_sql N: a load of N rows, indexed, changed and asked about.
rows_sql()
{
	cat <<-SQL
	create table item(id integer primary key, n integer, name text);
	with recursive c(i) as (select 1 union all select i+1 from c where i<$1)
	    insert into item select i, (i * 7919) % 10007,
	    'name ' || (i % 499) || hex(i * 2654435761) from c;
	create index item_n on item(n);
	select count(*), sum(n), min(name), max(name) from item;
	select n, group_concat(name) from item where n % 997 = 3 group by n
	    order by n limit 20;
	delete from item where id % 3 = 0;
	select count(*), upper(max(name)) from item;
	SQL
}

# objects_json N
objects_json()
{
	awk -v n="$1" 'BEGIN {
		print "["
		for (i = 1; i <= n; i++)
			printf "%s{\"id\":%d,\"city\":\"c%d\",\"tags\":[\"t%d\",\"u%d\"],\"at\":{\"x\":%d,\"y\":%d.5}}\n",
			    (i > 1 ? "," : ""), i, i * 31 % 97, i % 13, i % 7,
			    i * 17 % 1009, i % 101
		print "]"
	}'
}

# items_xml N
items_xml()
{
	awk -v n="$1" 'BEGIN {
		print "<?xml version=\"1.0\"?>\n<all>"
		for (i = 1; i <= n; i++)
			printf "<item id=\"%d\" of=\"g%d\"><name>n %d</name><v k=\"%d\">text %d</v></item>\n",
			    i, i % 11, i * 13 % 1013, i * 29 % 100, i
		print "</all>"
	}'
}

# functions_c N: a C file with N functions of loops and switches.
functions_c()
{
	awk -v n="$1" 'BEGIN {
		print "struct s { int a, b; long c[8]; };"
		for (i = 0; i < n; i++) {
			printf "static int f%d(struct s *s, int x)\n{\n\tint t = x;\n", i
			for (k = 0; k < 6; k++) {
				m = (i * 37 + k * 101) % 991 + 1
				printf "\tfor (int i = 0; i < x + %d; i++) {\n", m % 31
				printf "\t\ts->c[i & 7] += t * %d;\n", m
				printf "\t\tif (s->c[%d] > %d)\n\t\t\tt ^= s->a << %d;\n\t\telse\n\t\t\tt += s->b;\n\t}\n", k, m, m % 8
				printf "\tswitch (t & 3) {\n\tcase 0: t += %d; break;\n\tcase 1: t -= s->a; break;\n\tdefault: t ^= %d;\n\t}\n", m, m * 3
			}
			if (i > 0)
				printf "\treturn t + f%d(s, x - 1);\n}\n", i * 7 % i
			else
				print "\treturn t;\n}"
		}
		printf "int entry(struct s *s) { return f%d(s, 5); }\n", n - 1
	}'
}
