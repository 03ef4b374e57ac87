# AiRouterTest: a cluster with the extension and a sandbox provider, for TAP tests.
#
#   my $t = AiRouterTest->new('errors');
#   $t->server('p', api => 'openai', path => '/compat/v1');
#   $t->model('m', 'p', 'm--status-503');
#   $t->sql('SELECT ai_complete(..)');
#   is($t->counter('m--status-503', 'requests'), 3);
#
# Sessions that are watched while they work: AiRouterSession, through $t->session.
package AiRouterTest;

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Time::HiRes qw(usleep);
use AiRouterSandbox;
use AiRouterSession;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

my $here = abs_path(dirname(__FILE__));

# new(NAME, conf => "settings", tls => 1, hang => 1, blackhole => 1, env => {..}, init => [..],
#     preload => 0, breaker => 1, cache => 1, cap => 1)
# breaker: off unless asked for, so that failures of one test keep no calls from the next.
# cache: most tests count the requests of equal prompts, so answers are not kept unless asked for.
# cap: no cap on what a statement costs unless asked for, or each would warn of models without a price.
# env: environment of the postmaster, also when it is started again with start().
sub new
{
	my ($class, $name, %opt) = @_;
	my $sandbox = AiRouterSandbox->new(map { $_ => $opt{$_} } qw(tls hang blackhole));
	my $self = bless { sandbox => $sandbox, env => $opt{env} // {} }, $class;
	my $node = $self->{node} = PostgreSQL::Test::Cluster->new($name);

	# Ports and directory of the sandbox are ours, too: $t->{hang_port}, $t->{cert_dir}.
	$self->{$_} = $sandbox->{$_} for qw(port tls_port hang_port blackhole_port cert_dir);
	$node->init(@{ $opt{init} // [] });
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'ai_router'")
	  if $opt{preload} // 1;
	$node->append_conf('postgresql.conf', 'ai_router.breaker = off') unless $opt{breaker};
	$node->append_conf('postgresql.conf', 'ai_router.cache = off') unless $opt{cache};
	$node->append_conf('postgresql.conf', 'ai_router.max_statement_cost = 0') unless $opt{cap};
	$node->append_conf('postgresql.conf', $opt{conf}) if defined $opt{conf};
	$self->start;
	$self->sql('CREATE EXTENSION ai_router');
	return $self;
}

sub node { return $_[0]->{node}; }
sub sandbox { return $_[0]->{sandbox}; }

# Start the cluster, with the environment that new() was given; with fail_ok => 1 true if it did.
sub start
{
	my ($self, %opt) = @_;
	local %ENV = (%ENV, %{ $self->{env} });
	return $self->{node}->start(%opt);
}

# URL of the sandbox: url('/compat/v1'), url('/compat/v1', 'https')
sub url { my $self = shift; return $self->{sandbox}->url(@_); }

# Run SQL; returns the result as psql -At prints it, dies on an error.  Each time in a session of its own.
sub sql
{
	my ($self, $sql, %opt) = @_;

	# psql for what it takes apart.  To start it takes longer than most of what it is to run.
	return $self->{node}->safe_psql('postgres', $sql, %opt) if %opt || $sql =~ /;\s*\S|^\s*(?:\\|COPY\b)/i;
	my $session = AiRouterSession->new($self->{node});
	my $r = $session->query($sql, 3600);
	die "error running SQL: $r->{error}\n$sql" if $r->{error};
	return join "\n", map { join '|', map { $_ // '' } @$_ } @{ $r->{rows} };
}

# Run SQL that may fail; returns (stdout, stderr) with SQLSTATEs and all message fields.
sub try
{
	my ($self, $sql, %opt) = @_;
	my ($rc, $out, $err) = $self->{node}->psql('postgres', "\\set VERBOSITY verbose\n$sql", %opt);
	return ($out, $err);
}

# A connection of its own, see AiRouterSession.
sub session { my ($self, %opt) = @_; return AiRouterSession->new($self->{node}, %opt); }

sub quote { my $s = shift; $s =~ s/'/''/g; return "'$s'"; }

# server(NAME, api => .., path => '/compat/v1', key => .., OPTION => ..): a server at the sandbox with a
# key for everybody; key => undef: no mapping.
sub server
{
	my ($self, $name, %opt) = @_;
	my $path = delete $opt{path} // '';
	my $key = exists $opt{key} ? delete $opt{key} : 'sandbox-key';

	$opt{base_url} //= $self->url($path);
	my $options = join ', ', map { "$_ " . quote($opt{$_}) } sort keys %opt;
	$self->sql("CREATE SERVER \"$name\" FOREIGN DATA WRAPPER ai_router OPTIONS ($options)");
	$self->sql("CREATE USER MAPPING FOR PUBLIC SERVER \"$name\" OPTIONS (api_key " . quote($key) . ")")
	  if defined $key;
	return;
}

# model(NAME, SERVER, PROVIDER'S ID, COLUMN => value ..)
sub model
{
	my ($self, $name, $server, $id, %col) = @_;
	my @names = ('name', 'server', 'model', sort keys %col);
	my @values = map { quote($_) } ($name, $server, $id, map { $col{$_} } sort keys %col);
	$self->sql('INSERT INTO ai_router.models('
		  . join(', ', @names)
		  . ') VALUES ('
		  . join(', ', @values)
		  . ')');
	return;
}

# Server p at the sandbox, rule default for any model, and models (NAME => PROVIDER'S ID ..) of p.
sub models_at_p
{
	my ($self, %models) = @_;
	$self->server('p', api => 'openai', path => '/compat/v1');
	$self->sql("INSERT INTO ai_router.rules(name) VALUES ('default')");
	$self->model($_, 'p', $models{$_}) for sort keys %models;
	return;
}

# Of the sandbox, see there.
sub counter { my $self = shift; return $self->{sandbox}->counter(@_); }
sub wait_for { my $self = shift; return $self->{sandbox}->wait_for(@_); }
sub stats { my $self = shift; return $self->{sandbox}->stats(@_); }
sub last_body { my $self = shift; return $self->{sandbox}->last_body(@_); }
sub behave { my $self = shift; return $self->{sandbox}->behave(@_); }
sub reset { my $self = shift; return $self->{sandbox}->reset(@_); }    ## no critic

# Poll until the condition holds; true if it came to hold in time.
sub until_true
{
	my ($self, $condition, $seconds) = @_;
	my $end = AiRouterSession::now() + ($seconds // $PostgreSQL::Test::Utils::timeout_default);

	until ($condition->())
	{
		return 0 if AiRouterSession::now() > $end;
		usleep(3_000);
	}
	return 1;
}

# Cancel the session's statement, which waits, and say how many milliseconds it took to return: the best of up
# to ten tries, because the machines that run tests are busy.  start: begins the statement, true if it waits.
# Returns the milliseconds and what the last try returned.
sub cancel_ms
{
	my ($self, $s, $start, $enough_ms) = @_;
	my $control = $self->session;
	my ($best, $r);

	for (1 .. 10)
	{
		$start->() or next;
		my $at = AiRouterSession::now();
		$control->value('SELECT pg_cancel_backend(' . $s->pid . ')');
		$r = $s->wait;
		my $ms = 1000 * ($r->{at} - $at);
		$best = $ms if !defined $best || $ms < $best;
		last if $best < $enough_ms;
	}
	return ($best, $r);
}

# The least of up to three measurements in seconds, no more than it takes to get below the limit: what is quick
# is so at one of them, though the machine may stand still at any.
sub quickest
{
	my ($self, $limit, $measure) = @_;
	my $best;

	for (1 .. 3)
	{
		my $seconds = $measure->();
		$best = $seconds if !defined $best || $seconds < $best;
		last if $best < $limit;
	}
	return $best;
}

# Wait until the server takes connections again.  A psql that is refused may be gone before it was told its query.
sub until_up
{
	my $self = shift;
	return $self->until_true(sub { my $rc = eval { $self->{node}->psql('postgres', 'SELECT true') }; return defined $rc && $rc == 0; });
}

# Kill a process of the server, and wait until the server has restarted for it: true if it did.  Without somebody who
# is sent away a busy machine may take a connection before it has noticed.
sub crash
{
	my ($self, $pid) = @_;
	my $bystander = $self->session;

	kill 'KILL', $pid;
	return $bystander->wait->{closed} && $self->until_up;
}

# Build test/t/src/NAME.c as a library to preload; returns its path.
sub preload_library
{
	my ($class, $name) = @_;
	my $so = PostgreSQL::Test::Utils::tempdir() . "/$name.so";
	my $cc = $ENV{CC} // 'cc';

	system($cc, '-shared', '-fPIC', '-O1', '-o', $so, "$here/../src/$name.c") == 0
	  or die "could not build $name.c";
	return $so;
}

# TCP sockets of a process in that state (ESTABLISHED, SYN_SENT) to a port of this machine.
sub sockets_to
{
	my ($self, $pid, $port, $state) = @_;
	my $peer = sprintf '0100007F:%04X', $port;
	my $code = { ESTABLISHED => '01', SYN_SENT => '02' }->{$state};
	my %mine = map { (readlink($_) // '') =~ /^socket:\[(\d+)\]/ ? ($1 => 1) : () } glob "/proc/$pid/fd/*";

	return scalar grep { my @f = split; $f[2] eq $peer && $f[3] eq $code && $mine{ $f[9] } } split /\n/,
	  slurp_file('/proc/net/tcp');
}

1;
