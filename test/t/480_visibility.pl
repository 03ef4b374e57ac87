# No key, no prompt and no answer is visible to a role without rights, wherever it looks: in all that
# it may read, call or list, now and as the extension grows, and not in the server's log.
#
# Prompts come out of a table of alice's, so that they stand in no statement.
use strict;
use warnings;
use Test::More;
use AiRouterTest;
use PostgreSQL::Test::Utils;

my $t = AiRouterTest->new('visibility', cache => 1,
	conf => "log_statement = none\nlog_min_messages = debug1\ntrack_functions = all\ntrack_activity_query_size = 16kB\n");
my $node = $t->node;

my %secret = (key => 'Kq7vKeyZx', prompt => 'Pq7vPromptZx', answer => 'Aq7vAnswerZx');
my $task = 'Tq7vTask';

# Names of the secrets that a text holds, as it is or in hexadecimal.
sub found
{
	my $text = shift;
	return join ' ', grep { my $hex = unpack 'H*', $secret{$_}; index($text, $secret{$_}) >= 0 || index($text, $hex) >= 0 } sort keys %secret;
}

# Like unlike() and like(), of texts too long to show: at most a line around the place.
sub absent
{
	my ($text, $what, $name) = @_;
	return is($text =~ /^(.{0,200}$what.{0,200})/m ? $1 : '', '', $name);
}
sub present { my ($text, $what, $name) = @_; return ok(scalar($text =~ $what), $name); }
sub written { return $t->until_true(sub { $t->sql(q(SELECT value FROM ai_router.stats WHERE name = 'spool_bytes_used')) == 0 }, 60); }

# Ways in which a call ends, good ones included.
my @faults = qw(badjson nonjson html200 html503 err200 badutf8 nul length filter refusal nullcontent wrongtypes truncate reset redirect badschema unknownfinish);
my %models = (good => 'good', hang => 'hang--fault-hang', map { ("f$_" => "x--fault-$_") } @faults);
$models{"s$_"} = "y--status-$_" for qw(400 401 403 404 429 500);
$t->server('p', api => 'openai', path => '/compat/v1', key => "sandbox-$secret{key}");
$t->sql(q(INSERT INTO ai_router.rules (name) VALUES ('default')));
$t->sql(join ';', map { "INSERT INTO ai_router.models (name, server, model, input_price, output_price) VALUES ('$_', 'p', '$models{$_}', 1, 1)" } sort keys %models);
$t->sql(qq(
	CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE watcher LOGIN IN ROLE pg_monitor;
	GRANT USAGE ON FOREIGN SERVER p TO alice;
	GRANT CREATE ON SCHEMA public TO bob, watcher;
	CREATE SCHEMA alice AUTHORIZATION alice;
	SET ROLE alice;
	CREATE TABLE alice.docs AS SELECT i, format(E'%s number %s\\nEcho: %s number %s', '$secret{prompt}', i, '$secret{answer}', i) AS body
		FROM generate_series(1, 20) i;
	REVOKE ALL ON alice.docs FROM PUBLIC));

# Alice calls, by all functions, well and badly.
sub alice_calls
{
	my $s = $t->session(user => 'alice');
	my $hints = qq("retries":0,"timeout_ms":5000,"task":"$task");
	like($s->value(qq(SELECT ai_complete(body, '{"model":"good",$hints}') FROM alice.docs WHERE i = 1)), qr/^$secret{answer} number 1/, 'alice has an answer');
	$s->value(qq(SELECT ai_complete(array_agg(body), '{"model":"good",$hints}') FROM alice.docs));
	$s->value(qq(SELECT ai_chat(jsonb_build_array(jsonb_build_object('role', 'user', 'content', body)), '{"model":"good",$hints}') FROM alice.docs WHERE i = 2));
	$s->value(qq(SELECT error FROM ai_call((SELECT body FROM alice.docs WHERE i = 3), '{"model":"good",$hints}')));
	my $failed = 0;
	for my $model (sort grep { /^[fs]/ } keys %models)
	{
		$failed++ if $s->query(qq(SELECT ai_complete(body, '{"model":"$model",$hints}') FROM alice.docs WHERE i = 4))->{error};
		$s->query(qq(SELECT ai_complete(array_agg(body), '{"model":"$model","on_error":"null",$hints}') FROM alice.docs WHERE i < 4));
	}
	cmp_ok($failed, '>=', 15, "and $failed errors");
	# Given up, and failed after its call.
	$s->query('SET statement_timeout = 200');
	is($s->query(qq(SELECT ai_complete(body, '{"model":"hang",$hints}') FROM alice.docs WHERE i = 5))->{error}{C}, '57014', 'and a time-out');
	$s->query('RESET statement_timeout');
	is($s->query(qq(SELECT length(ai_complete(body, '{"model":"good",$hints}')) / 0 FROM alice.docs WHERE i = 6))->{error}{C}, '22012', 'and an error of her own');
	ok(written(), 'all of it is in the ledger');
	cmp_ok($t->sql('SELECT count(*) FROM ai_router.attempts'), '>', 100, 'indeed');
	return $s;
}

# All relations that a role may read, in the given schemas.
sub readable
{
	my ($role, $schemas) = @_;
	return split /\n/, $t->sql(qq(
		SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE n.nspname ~ '$schemas' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
		   -- Of PostgreSQL's own: what tells of statements, settings, statistics, options.
		   AND (n.nspname NOT IN ('pg_catalog', 'information_schema') OR c.relkind = 'v' OR c.relname ~ 'foreign|user_mapping|statistic|setting')
		   AND (n.nspname, c.relname) NOT IN (('pg_catalog', 'pg_timezone_names'), ('pg_catalog', 'pg_timezone_abbrevs'))
		   AND (n.nspname <> 'information_schema' OR c.relname ~ 'foreign|user_mapping')
		   AND has_schema_privilege('$role', n.oid, 'USAGE') AND has_any_column_privilege('$role', c.oid, 'SELECT') ORDER BY 1));
}

# All functions of ours that a role may call, as calls: with alice's id where a number is wanted, and
# with names that exist where a name is.
sub callable
{
	my $role = shift;
	return split /\n/, $t->sql(qq(
		WITH v(type, value) AS (VALUES
			('text', '''good'''), ('name', '''p'''), ('text[]', '''{good}'''), ('jsonb', '''{}'''), ('jsonpath', '''\$.task == "x"'''),
			('bigint', (SELECT max(call_id)::text FROM ai_router.calls)), ('integer', '1'), ('real', '1'), ('double precision', '1'),
			('numeric', '1'), ('boolean', 'true'), ('interval', '''1 day'''), ('oid', '0'), ('anyelement', 'NULL::public.kind'))
		SELECT format('%I.%I(%s)', n.nspname, p.proname, (
				SELECT string_agg(coalesce(v.value, 'NULL') || '::' || CASE a.type::regtype::text WHEN 'anyelement' THEN 'public.kind' ELSE a.type::regtype::text END, ', ' ORDER BY a.ord)
				  FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a(type, ord) LEFT JOIN v ON v.type = a.type::regtype::text))
		  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
		 WHERE d.classid = 'pg_proc'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ai_router')
		   AND p.prokind = 'f' AND p.prorettype <> ALL ('{trigger,internal}'::regtype[])
		   AND has_function_privilege('$role', p.oid, 'EXECUTE') ORDER BY 1));
}

# Run statements as a role in one go, in the background; errors go on.  Returns what waits for their end and gives all
# that comes back.
sub run_as
{
	my ($role, @sql) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	append_to_file("$dir/sql", join("\n", "\\set VERBOSITY verbose", "SET client_min_messages = debug1;", "SET statement_timeout = '10s';", @sql) . "\n");
	my $psql = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-U', $role, '-f', "$dir/sql" ], '<', \undef, '>', "$dir/out", '2>', "$dir/err");
	return sub { $psql->finish; return slurp_file("$dir/out") . "\n" . slurp_file("$dir/err"); };
}

# A function that tells all that it is given: the planner must not let it see rows that are not for its caller.
sub spy
{
	my $role = shift;
	return "CREATE OR REPLACE FUNCTION public.spy_$role(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
	  . q($$ BEGIN IF $1 ~* '[KPA]q7v' THEN RAISE NOTICE 'spy: %', $1; END IF; RETURN true; END $$;);
}

# All that a role can see, by all means: what waits for it, and how many statements that takes.
sub everything
{
	my ($role, $schemas) = @_;
	my @relations = readable($role, $schemas);
	my @sql = (map { "SELECT t::text FROM $_ t;" } @relations);
	push @sql, map { "SELECT * FROM $_;" } callable($role);
	push @sql, spy($role);
	for my $relation (grep { /^ai_router\./ } @relations)
	{
		push @sql, map { "SELECT count(*) FROM $relation WHERE public.spy_$role(\"$_\"::text);" } split /\n/,
		  $t->sql("SELECT attname FROM pg_attribute WHERE attrelid = '$relation'::regclass AND attnum > 0 AND NOT attisdropped");
		push @sql, "EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM $relation;";
	}
	return (run_as($role, @sql), scalar @sql);
}

my $all = '^(ai_router|public|alice|pg_catalog|information_schema|pg_toast)$';
$t->sql('CREATE TYPE public.kind AS (a text)');

for my $log_prompts ('off', 'on')
{
	$t->sql("ALTER SYSTEM SET ai_router.log_prompts = $log_prompts; SELECT pg_reload_conf()");
	ok($t->until_true(sub { $t->sql('SHOW ai_router.log_prompts') eq $log_prompts }), "log_prompts is $log_prompts");
	$t->sql('SELECT ai_router.cache_clear()');
	my $alice = alice_calls();
	# What statistics would tell.
	$t->sql('ANALYZE');

	# One more call is under way while they look.
	$alice->send(qq(SELECT ai_complete(body, '{"model":"hang"}') FROM alice.docs WHERE i = 7));
	ok($t->wait_for('hang--fault-hang', 'in_flight', 1), 'a call is under way');
	my %looks = map { $_ => [ everything($_, $all) ] } 'bob', 'watcher';
	for my $role ('bob', 'watcher')
	{
		my ($seen, $n) = ($looks{$role}[0]->(), $looks{$role}[1]);
		cmp_ok($n, '>', 150, "log_prompts $log_prompts, $role: looks everywhere ($n statements)");
		present($seen, qr/pg_stat_activity/, "log_prompts $log_prompts, $role: and sees something");
		present($seen, qr/ERROR:  RT001/, "log_prompts $log_prompts, $role: calls are refused");
		is(found($seen), '', "log_prompts $log_prompts, $role: no secret");
		absent($seen, qr/NOTICE:  00000: spy: /, "log_prompts $log_prompts, $role: nor what is near to one");
		$role eq 'bob' ? absent($seen, qr/$task/, "log_prompts $log_prompts, bob: nor any call of alice's")
		  : present($seen, qr/\bgood\b.*\d/, "log_prompts $log_prompts, watcher: numbers of her calls");
	}

	# Those who may see something see it: so the search above would have found it.
	my $own = (everything('alice', '^(ai_router|alice)$'))[0]->();
	like(found($own), $log_prompts eq 'on' ? qr/^answer prompt$/ : qr/^(answer )?prompt$/, "log_prompts $log_prompts, alice: sees what is hers");
	present($own, qr/$task/, "log_prompts $log_prompts, alice: and her calls");
	$t->sql('SELECT pg_cancel_backend(' . $alice->pid . ')');
	$alice->wait;

	# What is stored: prompts only where they are wanted, keys never, answers in the cache.
	my @ours = split /\n/, $t->sql(q(SELECT oid::regclass FROM pg_class WHERE relnamespace = 'ai_router'::regnamespace AND relkind IN ('r', 'p', 'v')));
	for my $relation (@ours)
	{
		my $may = $relation eq 'ai_router.cache' ? qr/^(answer)?$/ : $log_prompts eq 'on' && $relation =~ /^ai_router\.(calls|examples)$/ ? qr/^answer prompt$/ : qr/^$/;
		like(found($t->sql("SELECT t::text FROM $relation t")), $may, "log_prompts $log_prompts: what is in $relation");
	}
}
like(found($t->sql('SELECT umoptions FROM pg_user_mappings')), qr/key/, 'a superuser can see the key');

# The writer: what it does, and what it says when a row is refused.
ok(written(), 'all of it is in the ledger');
$t->sql(q(ALTER TABLE ai_router.calls ADD CONSTRAINT no CHECK (task <> 'Tq7vTask') NOT VALID;
	CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF random() < 0.5 THEN PERFORM NEW.prompt::int; END IF; RETURN NEW; END $$;
	CREATE TRIGGER loud BEFORE INSERT ON ai_router.calls FOR EACH ROW EXECUTE FUNCTION loud()));
my $s = $t->session(user => 'alice');
my $activity = '';
my $look = sub { return $activity .= $t->sql(q(SELECT a::text FROM pg_stat_activity a WHERE backend_type = 'ai_router writer')); };
# It stays for as long as there is something that it cannot write.
my $locker = $t->session;
$locker->query('BEGIN; LOCK ai_router.calls IN SHARE MODE');
$s->send(qq(SELECT ai_complete(body, '{"model":"good","cache":"off","task":"$task"}') FROM alice.docs));
$t->until_true(sub { $look->() ne '' }, 30);
$locker->query('COMMIT');
ok($t->until_true(sub {
	$look->();
	return $t->sql(q(SELECT value FROM ai_router.stats WHERE name = 'rows_dropped')) == 20;
}, 30), 'rows are refused');
$s->wait;
present($activity, qr/ai_router/, 'the writer was at work');
is(found($activity), '', 'without a word of what it wrote');

# The log: with all messages of a debug level, errors and their statements.
$node->stop;
my $log = slurp_file($node->logfile);
present($log, qr/ERROR:  provider "p", model "s500"/, 'the log has errors');
present($log, qr/STATEMENT:  SELECT ai_complete\(body/, 'and their statements');
present($log, qr/writing calls of ai_router failed: 23514|writing calls of ai_router failed: 22P02/, 'and the writer\'s');
is(found($log), '', 'but no secret');

done_testing();
