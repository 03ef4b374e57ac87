# Keys: who may use them, who may see them, and where they never appear.
use strict;
use warnings;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use PostgreSQL::Test::Utils;
use AiRouterTest;

# Every secret of this test has this word, every one in its own spelling.
my $word = 'SECRET';
my $t = AiRouterTest->new(
	'secrets',
	env => { AIR_TEST_KEY => "sandbox-$word-env", AIR_TEST_BAD => "two words $word" },
	conf => <<'CONF');
log_min_messages = debug1
log_statement = all
log_error_verbosity = verbose
debug_print_plan = on
ai_router.retries = 0
CONF

# SQL that holds a secret: the statement itself is the one thing that is not to be logged.
sub quiet { return $t->sql("SET log_statement = none; SET debug_print_plan = off; $_[0]"); }

sub as
{
	my ($role, $sql) = @_;
	return $t->try("SET SESSION AUTHORIZATION $role;\n$sql");
}

# How long the header with the key was in the last request, undef if there was none.
sub key_length { return ($t->stats($_[0])->{last_headers}{authorization} // '') =~ /^(\d+) bytes$/ ? $1 : undef; }

my $answer = q{SELECT ai_complete('Echo: hi')};

$t->sql(q{
	CREATE ROLE nobody LOGIN; CREATE ROLE reader LOGIN; CREATE ROLE own LOGIN; CREATE ROLE owner LOGIN;
	CREATE ROLE member LOGIN IN ROLE reader;
	GRANT CREATE ON SCHEMA public TO reader;
	INSERT INTO ai_router.rules (name, condition, models) VALUES ('rest', NULL, NULL)});
$t->server('main', api => 'openai', path => '/compat/v1', key => undef);
$t->model('main', 'main', 'main');

# --- USAGE on the server, and a mapping ---------------------------------------

my ($out, $err) = as('nobody', $answer);
like($err, qr/ERROR:  RT001: .*\bmain\b.*role "nobody" may not use server "main"/, 'without USAGE: no candidate');
like($err, qr/^HINT:  GRANT USAGE ON FOREIGN SERVER main TO nobody;$/m, 'the hint is the command');
is($t->counter('main', 'requests'), 0, 'nothing was sent');
($out, $err) = as('nobody', q{SELECT error FROM ai_call('hi')});
like($err, qr/ERROR:  RT001: /, 'ai_call raises it, too');
($out, $err) = as('nobody', q{SELECT ai_complete('hi', '{"on_error": "null"}')});
like($err, qr/ERROR:  RT001: /, 'even with on_error null');

# The hint can be obeyed as it stands.
$t->sql('GRANT USAGE ON FOREIGN SERVER main TO nobody; GRANT USAGE ON FOREIGN SERVER main TO reader, own');
($out, $err) = as('nobody', $answer);
like($err, qr/ERROR:  RT010: provider "main", model "main": .*\(HTTP 401, invalid_request_error, /, 'no mapping: no key is sent');
is(key_length('main'), undef, 'the provider saw none');
$t->sql('REVOKE USAGE ON FOREIGN SERVER main FROM nobody');

# At a provider's own host nothing is sent at all without a key.
$t->sql(q{CREATE SERVER hosted FOREIGN DATA WRAPPER ai_router OPTIONS (api 'anthropic')});
$t->model('hosted', 'hosted', 'x', enabled => 'false');
$t->sql(q{GRANT USAGE ON FOREIGN SERVER hosted TO reader; UPDATE ai_router.models SET enabled = (name = 'hosted')});
($out, $err) = as('reader', $answer);
like($err, qr/ERROR:  RT010: provider "hosted", model "hosted": there is no key for this role$/m, 'no key for a hosted api');
like($err, qr/^HINT:  Use CREATE USER MAPPING FOR PUBLIC SERVER hosted OPTIONS \(api_key_file '\.\.'\)/m, 'with the command');
$t->sql(q{UPDATE ai_router.models SET enabled = (name = 'main')});

# A key for everybody: usable, not readable.
quiet("CREATE USER MAPPING FOR PUBLIC SERVER main OPTIONS (api_key 'sandbox-$word-public')");
($out, $err) = as('reader', $answer);
is($out, 'hi', 'PUBLIC mapping: usable');
is(key_length('main'), length("Bearer sandbox-$word-public"), 'that key was sent');
is((as('member', $answer))[0], 'hi', 'and through a role that has USAGE');
for my $role (qw(nobody reader own))
{
	is((as($role, q{SELECT count(*) FILTER (WHERE umoptions IS NOT NULL) FROM pg_user_mappings}))[0], '0', "$role: options are not shown");
	($out, $err) = as($role, 'SELECT umoptions FROM pg_user_mapping');
	like($err, qr/ERROR:  42501: permission denied/, "$role: nor to be read from the catalog");
	($out, $err) = as($role, q{SELECT * FROM ai_router.credential_problem('main')});
	like($err, qr/ERROR:  42501: permission denied/, "$role: credential_problem is not for everybody");
}
is($t->sql(q{SELECT ai_router.credential_problem('main') IS NULL}), 't', 'credential_problem finds none');

# A mapping of one's own comes first, for that role only.
quiet("SET SESSION AUTHORIZATION own; CREATE USER MAPPING FOR own SERVER main OPTIONS (api_key 'sandbox-$word-longer-own')");
is((as('own', $answer))[0], 'hi', 'own mapping');
is(key_length('main'), length("Bearer sandbox-$word-longer-own"), 'is preferred');
is((as('reader', $answer))[0], 'hi', 'another role');
is(key_length('main'), length("Bearer sandbox-$word-public"), 'still sends the key of PUBLIC');

# In one session: a change of the mapping, of the role, and of rights counts at once.
my $s = $t->session;
is($s->value($answer), 'hi', 'superuser');
is(key_length('main'), length("Bearer sandbox-$word-public"), 'with the key of PUBLIC');
$s->value('SET ROLE own');
is($s->value($answer), 'hi', 'after SET ROLE');
is(key_length('main'), length("Bearer sandbox-$word-longer-own"), 'the other key');
quiet("ALTER USER MAPPING FOR own SERVER main OPTIONS (SET api_key 'sandbox-$word-own2')");
is($s->value($answer), 'hi', 'after ALTER USER MAPPING elsewhere');
is(key_length('main'), length("Bearer sandbox-$word-own2"), 'the new key');
$t->sql('DROP USER MAPPING FOR own SERVER main');
is($s->value($answer), 'hi', 'after DROP USER MAPPING elsewhere');
is(key_length('main'), length("Bearer sandbox-$word-public"), 'the key of PUBLIC again');
$t->sql('REVOKE USAGE ON FOREIGN SERVER main FROM own');
is($s->query($answer)->{error}{C}, 'RT001', 'after REVOKE elsewhere: refused');
$s->quit;

# SECURITY DEFINER: the definer's rights and the definer's key.
$t->sql(q{SET ROLE reader; CREATE FUNCTION ask(text) RETURNS text SECURITY DEFINER LANGUAGE sql AS 'SELECT ai_complete($1)'});
is((as('nobody', q{SELECT ask('Echo: hi')}))[0], 'hi', 'SECURITY DEFINER lends a key without showing it');

# --- Files and variables -------------------------------------------------------

my $dir = PostgreSQL::Test::Utils::tempdir();
my $file = "$dir/key";

sub write_key
{
	my $text = shift;
	# As who rotates keys does: a new file takes the old one's place.
	open my $fh, '>', "$file.new" or die $!;
	print $fh $text;
	close $fh;
	rename "$file.new", $file or die $!;
	return;
}

$t->server('filed', api => 'openai', path => '/compat/v1', key => undef);
$t->sql(qq{CREATE USER MAPPING FOR PUBLIC SERVER filed OPTIONS (api_key_file '$file')});
$t->model('filed', 'filed', 'filed');
my $filed = q{SELECT ai_complete('Echo: hi', '{"model": "filed"}')};

write_key("sandbox-$word-file1\n");
$s = $t->session;
is($s->value($filed), 'hi', 'api_key_file');
is(key_length('filed'), length("Bearer sandbox-$word-file1"), 'without its line end');
write_key("sandbox-$word-file-two\n");
is($s->value($filed), 'hi', 'rotated between two calls of a session');
is(key_length('filed'), length("Bearer sandbox-$word-file-two"), 'the new key was sent');

# A cached answer belongs to the key it was bought with; the file is not looked at for each of them,
# but a key that a call has been sent with is known from then on.
my $kept = q{SELECT ai_complete('Echo: kept', '{"model": "filed", "cache": "on"}')};
my $bought = $t->counter('filed', 'requests') + 1;
$s->value($kept);
select undef, undef, undef, 1.1;  # longer than an identity is remembered
$s->value($kept) for 1 .. 2;
is($t->counter('filed', 'requests'), $bought, 'bought once with one key');
write_key("sandbox-$word-file-three\n");
my $until = AiRouterSession::now() + 5;
$s->value($kept) while $t->counter('filed', 'requests') == $bought && AiRouterSession::now() < $until;
$s->value($kept) for 1 .. 3;
is($t->counter('filed', 'requests'), $bought + 1, 'once more with the next one');

# Files that hold no key: an error that shows neither content nor path.
my @bad = (
	[ 'missing', sub { unlink $file }, qr/No such file or directory/ ],
	[ 'empty', sub { write_key('') }, qr/it is empty/ ],
	[ 'blank', sub { write_key("\n \n") }, qr/it is empty/ ],
	[ 'two lines', sub { write_key("sandbox-$word-a\nsandbox-$word-b\n") }, qr/more than one word/ ],
	[ 'a header inside', sub { write_key("sandbox-$word\r\nx-evil: 1") }, qr/more than one word/ ],
	[ 'binary', sub { write_key("sandbox-$word-\0\1\2") }, qr/more than one word/ ],
	[ 'not ASCII', sub { write_key("sandbox-$word-\xc3\xa9") }, qr/more than one word/ ],
	[ 'large', sub { write_key("sandbox-$word-" . 'x' x 70000) }, qr/larger than 64 kB/ ],
	[ 'unreadable', sub { write_key("sandbox-$word"); chmod 0000, $file }, qr/Permission denied/ ],
	[ 'a directory', sub { unlink $file; mkdir $file }, qr/not a regular file/ ]);
my $sent = $t->counter('filed', 'requests');
for (@bad)
{
	my ($what, $make, $why) = @$_;
	SKIP:
	{
		skip 'root reads everything', 4 if $what eq 'unreadable' && $> == 0;
		$make->();
		my $e = $s->query($filed)->{error};
		is($e->{C}, 'RT010', "$what: SQLSTATE");
		like($e->{M}, qr/^provider "filed", model "filed": cannot use the file named by api_key_file: .*$why/, "$what: why");
		like($e->{H}, qr/^The user mapping names a file that the database server must be able to read/, "$what: hint");
		unlike(join("\n", %$e), qr/$word|\Q$dir\E/, "$what: neither content nor path");
	}
}
is($t->counter('filed', 'requests'), $sent, 'nothing was sent');
rmdir $file;
write_key("sandbox-$word-again");
is($s->value($filed), 'hi', 'a file that is good again works at once');
$s->quit;

# Environment variables.
$t->server('envious', api => 'openai', path => '/compat/v1', key => undef);
$t->sql(q{CREATE USER MAPPING FOR PUBLIC SERVER envious OPTIONS (api_key_env 'AIR_TEST_KEY')});
$t->model('envious', 'envious', 'envious');
is($t->sql(q{SELECT ai_complete('Echo: hi', '{"model": "envious"}')}), 'hi', 'api_key_env');
is(key_length('envious'), length("Bearer sandbox-$word-env"), 'sends its value');
for ([ AIR_TEST_NONE => 'is not set' ], [ AIR_TEST_BAD => 'holds no secret that can be sent' ])
{
	my ($name, $why) = @$_;
	$t->sql(qq{ALTER USER MAPPING FOR PUBLIC SERVER envious OPTIONS (SET api_key_env '$name')});
	($out, $err) = $t->try(q{SELECT ai_complete('Echo: hi', '{"model": "envious"}')});
	like($err, qr/ERROR:  RT010: .*an environment variable of the user mapping $why$/m, "variable $why");
	unlike($err, qr/$word|AIR_TEST/, 'neither name nor value is shown');
}
$t->sql(q{DELETE FROM ai_router.models WHERE name IN ('filed', 'envious', 'hosted')});

# Only a superuser names files and variables.
for my $option ("api_key_file '/etc/passwd'", "api_key_env 'PATH'")
{
	($out, $err) = as('own', "CREATE USER MAPPING FOR own SERVER main OPTIONS ($option)");
	like($err, qr/ERROR:  42501: /, "$option: not for everybody");
}

# --- An owner cannot send keys elsewhere ---------------------------------------

$t->sql('ALTER SERVER main OWNER TO owner; GRANT USAGE ON FOREIGN DATA WRAPPER ai_router TO owner');
$t->sql('GRANT USAGE ON FOREIGN SERVER main TO owner');
for my $options (
	q{SET base_url 'https://evil.example/v1'}, q{SET base_url 'http://127.0.0.1:9/v1'}, q{SET base_url 'https://api.openai.com.evil.example/v1'},
	q{ADD proxy 'http://evil.example:3128'}, q{ADD ca_file '/tmp/ca.pem'}, q{ADD timeout '1'}, q{ADD allow_insecure 'true'})
{
	($out, $err) = as('owner', "ALTER SERVER main OPTIONS ($options)");
	like($err, qr/ERROR:  42501: permission denied to /, "owner: $options");
}
($out, $err) = as('owner', q{CREATE SERVER mine FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url 'https://evil.example/v1')});
like($err, qr/ERROR:  42501: permission denied to point api "openai" at host "evil\.example"/, 'nor make such a server');
is((as('owner', $answer))[0], 'hi', 'all that time it works as before');
is((as('owner', q{SELECT umoptions IS NULL FROM pg_user_mappings WHERE srvname = 'main'}))[0], 'f',
	'the owner of a server sees the options of its PUBLIC mapping, as with every wrapper: so owners are to be trusted');
$t->sql('ALTER SERVER main OWNER TO CURRENT_USER');

# --- Where a key never appears ---------------------------------------------------

# While a call is under way: activity, locks, settings, other views.
$t->model('slow', 'main', 'slow');
$t->behave('slow', lat => 60000);
$s = $t->session;
$s->send(q{SELECT ai_complete('hi', '{"model": "slow"}')});
ok($t->wait_for('slow', 'in_flight', 1), 'a call is under way');
my $seen = $t->sql(q{
	SELECT jsonb_agg(to_jsonb(a)) FROM pg_stat_activity a;
	SELECT jsonb_agg(to_jsonb(s)) FROM pg_settings s;
	SELECT jsonb_agg(to_jsonb(p)) FROM pg_prepared_statements p;
	SELECT jsonb_agg(to_jsonb(m)) FROM pg_shmem_allocations m});
like($seen, qr/SELECT ai_complete\('hi'/, 'activity shows the statement');
unlike($seen, qr/sandbox-$word/, 'but no key');
$t->sql('SELECT pg_log_backend_memory_contexts(' . $s->pid . ')');
ok($t->until_true(sub { slurp_file($t->node->logfile) =~ /logging memory contexts of PID/ }), 'memory contexts are logged');
$t->sql('SELECT pg_cancel_backend(' . $s->pid . ')');
is($s->wait->{error}{C}, '57014', 'cancelled');
$s->quit;

# EXPLAIN, routes, results, notices, the server's own checks.
($out, $err) = $t->try(<<'SQL');
SET client_min_messages = debug1;
EXPLAIN (ANALYZE, VERBOSE, SETTINGS, BUFFERS) SELECT ai_complete('Echo: hi');
SELECT * FROM ai_route('hi');
SELECT * FROM ai_call('Echo: hi');
SELECT * FROM ai_router.check();
SELECT * FROM ai_router.skipped();
SELECT ai_router.credential_problem('main');
SQL
like($out, qr/Execution Time/, 'EXPLAIN ANALYZE ran');
unlike("$out$err", qr/$word/, 'no key in plans, routes, results and messages');

# A statement that sets a wrong option with a key beside it is not logged with the error.
($out, $err) = $t->try(qq{SET log_statement = none; SET debug_print_plan = off;
	CREATE USER MAPPING FOR own SERVER main OPTIONS (api_key 'sandbox-$word-typo', api_kee 'x');
	CREATE USER MAPPING FOR own SERVER main OPTIONS (api_key 'sandbox-$word two words');
	CREATE USER MAPPING FOR own SERVER main OPTIONS (api_key 'sandbox-$word-a', api_key_file '/x')}, on_error_stop => 0);
is(scalar(() = $err =~ /ERROR:  /g), 3, 'three mappings are refused');
unlike($err, qr/$word/, 'without showing the key');

# Failures of all kinds, with what the provider says about them.
for my $behaviour (qw(status-400 status-401 status-403 status-500 fault-reset fault-nonjson fault-redirect fault-html503))
{
	$t->model("x--$behaviour", 'main', "x--$behaviour");
	($out, $err) = $t->try(qq{SELECT ai_complete('Echo: hi', '{"model": "x--$behaviour"}')});
	like($err, qr/ERROR:  RT\d\d\d: /, "$behaviour: fails");
	unlike("$out$err", qr/$word/, "$behaviour: no key");
}

# A provider that repeats the key in its error, in a form that nobody could know.
my $port;
{
	my $listen = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', Proto => 'tcp') or die $!;
	$port = $listen->sockport;
	my $pid = fork // die $!;
	if ($pid == 0)
	{
		my $c = $listen->accept;
		my ($head, $key) = ('', '');
		while (defined(my $line = <$c>))
		{
			$key = $1 if $line =~ /^authorization: Bearer (\S+)/i;
			last if $line =~ /^\r?\n$/;
		}
		my $body = qq({"error":{"message":"The key $key is not known here","code":"$key","type":"bad $key"}});
		print $c "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\nx-request-id: $key\r\n",
		  'content-length: ', length $body, "\r\nconnection: close\r\n\r\n$body";
		close $c;
		POSIX::_exit(0);
	}
	close $listen;
	$t->sql(qq{CREATE SERVER parrot FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url 'http://127.0.0.1:$port/v1')});
	quiet("CREATE USER MAPPING FOR PUBLIC SERVER parrot OPTIONS (api_key 'plain-$word-of-no-known-form')");
	$t->model('parrot', 'parrot', 'parrot');
	($out, $err) = $t->try(q{SELECT ai_complete('hi', '{"model": "parrot"}')});
	waitpid $pid, 0;
	like($err, qr/ERROR:  RT010: provider "parrot", model "parrot": The key \S+ is not known here/, 'a provider that repeats the key');
	unlike($err, qr/$word/, 'is not believed');
}

# The log, with every statement, plan, detail and context.
$t->node->stop;
my $log = slurp_file($t->node->logfile);
like($log, qr/statement: SELECT ai_complete\('Echo: hi'\)/, 'the log has the statements');
like($log, qr/RT010: provider "filed"/, 'and the errors');
unlike($log, qr/$word/, 'but no key');

done_testing();
