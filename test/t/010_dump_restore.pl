# Configuration survives pg_dump and pg_restore, into a database of its own and
# into one where half of what it names is missing.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'ai_router'\n");
$node->start;

my $tables = q{
SELECT 'model', to_jsonb(m) FROM ai_router.models m UNION ALL
SELECT 'rule', to_jsonb(r) || jsonb_build_object('condition', r.condition::text) FROM ai_router.rules r UNION ALL
SELECT 'budget', to_jsonb(b) FROM ai_router.budgets b UNION ALL
SELECT 'fixture', to_jsonb(f) FROM ai_router.fixtures f ORDER BY 1, 2};

# Names that need quoting, all kinds of values, servers that only a superuser can make.
$node->safe_psql('postgres', q{
CREATE ROLE dump_user;
CREATE EXTENSION ai_router;
CREATE SERVER "a Fixture" FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture', timeout '5s');
CREATE SERVER gateway FOREIGN DATA WRAPPER ai_router
    OPTIONS (api 'openai', base_url 'http://10.1.2.3/v1', allow_insecure 'true', proxy 'http://proxy.example:3128');
CREATE USER MAPPING FOR PUBLIC SERVER gateway OPTIONS (api_key_file '/run/secrets/gateway');
GRANT USAGE ON FOREIGN SERVER "a Fixture" TO dump_user;
INSERT INTO ai_router.models (name, server, family, price_tiers, tags, params, quality, input_price, output_price)
    VALUES ('one "quoted"', 'a Fixture', 'fam', '[{"above": 5, "input": 2, "output": 3}]', '{"region": "eu"}', '{"a": [1]}', 0.5, 0.1, 0.25),
           ('two', 'gateway', NULL, NULL, '{}', NULL, NULL, NULL, NULL);
INSERT INTO ai_router.rules (name, priority, condition, models, weights, strategy, defaults, enforce, comment)
    VALUES ('r1', 1, '$.task == "x" && $.tokens < 10', '{fam,two}', '{1,2.5}', 'weighted', '{"temperature": 0.5}', '{"max_tokens": 7}', E'two\nlines'),
           ('default', 100, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO ai_router.budgets VALUES ('b', 'dump_user', 'fam', 'day', 12.5, true);
INSERT INTO ai_router.fixtures (model, pattern, answer) VALUES ('one "quoted"', '^hi', 'dumped answer'), (NULL, NULL, 'other');
DELETE FROM ai_router.catalogue WHERE provider <> 'openai';
UPDATE ai_router.catalogue SET notes = 'changed by hand';
GRANT SELECT ON ai_router.budgets TO dump_user;
});
my $before = $node->safe_psql('postgres', $tables);

# A plain and a parallel custom dump say the same.
my $dir = PostgreSQL::Test::Utils::tempdir();
$node->command_ok([ 'pg_dump', '-f', "$dir/plain.sql", 'postgres' ], 'pg_dump');
$node->command_ok([ 'pg_dump', '--inserts', '-f', "$dir/inserts.sql", 'postgres' ], 'pg_dump --inserts');
$node->command_ok([ 'pg_dump', '-Fd', '-j2', '-f', "$dir/directory", 'postgres' ], 'pg_dump -Fd -j2');
my $plain = slurp_file("$dir/plain.sql");
unlike($plain, qr/changed by hand/, 'the catalogue is not dumped');
like($plain, qr/dumped answer/, 'fixtures are dumped');

my %restore = (
	plain => [ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain.sql" ],
	inserts => [ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/inserts.sql" ],
	directory => [ 'pg_restore', '-j2', '--exit-on-error', "$dir/directory" ]);
foreach my $how (sort keys %restore)
{
	my ($out, $err);
	my $db = "into_$how";

	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template0");
	my $ok = IPC::Run::run([ @{ $restore{$how} }, '-d', $node->connstr($db) ], '>', \$out, '2>', \$err);
	ok($ok, "$how: restored");
	is($err, '', "$how: without a word");
	is($node->safe_psql($db, $tables), $before, "$how: same rows");
	is($node->safe_psql($db, q{SELECT count(*) > 150, count(*) FILTER (WHERE notes = 'changed by hand') FROM ai_router.catalogue}),
		't|0', "$how: the catalogue is the extension's");
	is($node->safe_psql($db, q{INSERT INTO ai_router.fixtures (answer) VALUES ('x') RETURNING id}),
		3, "$how: ids go on");
	is($node->safe_psql($db, q{SELECT has_server_privilege('dump_user', 'a Fixture', 'USAGE'),
		has_table_privilege('dump_user', 'ai_router.budgets', 'SELECT')}), 't|t', "$how: grants");
	is($node->safe_psql($db, q{SELECT umoptions FROM pg_user_mappings WHERE srvname = 'gateway'}),
		'{api_key_file=/run/secrets/gateway}', "$how: user mapping");
	is($node->safe_psql($db, q{SELECT * FROM ai_router.skipped()}), '', "$how: all of it is usable");
	is($node->safe_psql($db, q{SELECT tgenabled, count(*) FROM pg_trigger
		WHERE tgrelid IN ('ai_router.models'::regclass, 'ai_router.rules'::regclass, 'ai_router.budgets'::regclass, 'ai_router.fixtures'::regclass)
		GROUP BY 1 ORDER BY 1}), "A|4\nO|4\nR|4", "$how: triggers");
}

# What is missing in the end is warned about, does not stop the restore and is listed.
$node->safe_psql('postgres', q{
DELETE FROM ai_router.models WHERE name = 'two';
DROP SERVER "a Fixture";
ALTER ROLE dump_user RENAME TO another_user;
});
my ($out, $err);
$node->safe_psql('postgres', 'CREATE DATABASE partly TEMPLATE template0');
$node->command_ok([ 'pg_dump', '-f', "$dir/partly.sql", 'postgres' ], 'pg_dump of a broken configuration');
ok(IPC::Run::run([ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('partly'), '-f', "$dir/partly.sql" ], '>', \$out, '2>', \$err),
	'it can be restored');
like($err, qr/WARNING:  there is no server "a Fixture" for model "one "quoted""/, 'a missing server is warned about');
like($err, qr/WARNING:  there is no model or family "two" for rule "r1"/, 'a missing model is warned about');
like($err, qr/WARNING:  there is no role "dump_user" for budget "b"/, 'a missing role is warned about');
my $found = $node->safe_psql('partly', 'SELECT object, problem FROM ai_router.check()');
like($found, qr/^model "one "quoted""\|there is no server "a Fixture" of ai_router$/m, 'check() lists the model');
like($found, qr/^rule "r1"\|no usable model answers to "fam", "two"$/m, 'check() lists the rule');
like($found, qr/^budget "b"\|there is no role "dump_user"$/m, 'check() lists the budget');

# Outside of a restore the same rows are refused.
my $refused = $node->psql('partly', q{INSERT INTO ai_router.rules (name, models) VALUES ('x', '{two}')}, stderr => \$err);
isnt($refused, 0, 'a user is not let off with a warning');
like($err, qr/ERROR:  there is no model or family "two" for rule "x"/, 'but gets an error');

# A session sees what another one commits, in its next call and in the middle of a transaction.
my $other = 'psql -X -q -d "' . $node->connstr('into_plain') . '"';
my $seen = $node->safe_psql('into_plain', qq{
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT 'names', string_agg(model, ' ' ORDER BY model) FROM ai_route('hi') WHERE verdict <> 'excluded';
\\! $other -c "UPDATE ai_router.models SET enabled = name <> 'two'"
SELECT 'names', string_agg(model, ' ' ORDER BY model) FROM ai_route('hi') WHERE verdict <> 'excluded';
\\! $other -c "INSERT INTO ai_router.models (name, server) VALUES ('three', 'a Fixture')"
SELECT 'names', string_agg(model, ' ' ORDER BY model) FROM ai_route('hi') WHERE verdict <> 'excluded';
SELECT 'snapshot', count(*) FROM ai_router.models;
COMMIT;
SELECT 'committed', count(*) FROM ai_router.models});
is($seen, qq{names|one "quoted" two
names|one "quoted"
names|one "quoted" three
snapshot|2
committed|3}, 'changes of another session');

$node->stop;
done_testing();
