# AiRouterSandbox: a running sandbox provider (test/provider) and its counters.
#
#   my $sandbox = AiRouterSandbox->new(tls => 1, cert => 'expired.pem');
#   $sandbox->url('/compat/v1', 'https'); $sandbox->counter($model, 'requests');
package AiRouterSandbox;

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use HTTP::Tiny;
use IPC::Run;
use JSON::PP;
use Time::HiRes qw(usleep);
use PostgreSQL::Test::Utils;

my $provider_dir = abs_path(dirname(__FILE__) . '/../../provider');

# new(tls => 1, cert => NAME, hang => 1, blackhole => 1)
sub new
{
	my ($class, %opt) = @_;
	my $ready = PostgreSQL::Test::Utils::tempdir() . '/ready';
	my @options = ('--port', 0, '--ready-file', $ready, '--die-with-parent');
	# No proxy of the environment: it must not come between the test and its counters.
	my $http = HTTP::Tiny->new(timeout => 60, proxy => undef, http_proxy => undef, https_proxy => undef);
	my $self = bless { http => $http }, $class;

	if ($opt{tls})
	{
		$self->{cert_dir} = PostgreSQL::Test::Utils::tempdir();
		push @options, '--tls-port', 0, '--cert-dir', $self->{cert_dir};
		push @options, '--cert', $opt{cert} if $opt{cert};
	}
	push @options, '--hang-port', 0 if $opt{hang};
	push @options, '--blackhole-port', 0 if $opt{blackhole};

	$self->{process} = IPC::Run::start([ "$provider_dir/ai_sandbox", @options ],
		'<', \undef, '>', '/dev/null');
	for (1 .. 3000)
	{
		last if -s $ready;
		die 'the sandbox provider did not start' unless $self->{process}->pumpable;
		usleep(10_000);
	}
	my $line = slurp_file($ready);
	$self->{$1} = $2 while $line =~ /(\w+)=(-?\d+)/g;
	return $self;
}

# Its address: url('/compat/v1'), url('/compat/v1', 'https'), url('/compat/v1', 'http', $sandbox->{hang_port})
sub url
{
	my ($self, $path, $scheme, $port) = @_;
	$scheme //= 'http';
	$port //= $scheme eq 'https' ? $self->{tls_port} : $self->{port};
	return "$scheme://127.0.0.1:$port" . ($path // '');
}

sub _get
{
	my ($self, $path) = @_;
	my $r = $self->{http}->get($self->url("/control/$path"));
	return $r->{status} == 200 ? $r->{content} : undef;
}

# The sandbox's own count for a model (undef: all models together), 0 if it never met it.
sub counter
{
	my ($self, $model, $field) = @_;
	return ($self->_get('stats?' . (defined $model ? "model=$model&" : '') . "field=$field") // 0) + 0;
}

# Wait until a counter has reached a value; true if it has.  op: ge (default), le, eq.
sub wait_for
{
	my ($self, $model, $field, $value, $op) = @_;
	$op //= 'ge';
	my $of = defined $model ? "model=$model&" : '';
	return defined $self->_get("wait?${of}field=$field&$op=$value&timeout_ms=20000");
}

# The statistics of a model as a hash.
sub stats
{
	my ($self, $model) = @_;
	return decode_json($self->_get('stats' . (defined $model ? "?model=$model" : '')) // '{}');
}

# The last request body that a model got.
sub last_body { my ($self, $model) = @_; return $self->_get("last?model=$model"); }

# Change how a model behaves: behave(MODEL, status => 503, ..)
sub behave
{
	my ($self, $model, %how) = @_;
	my $r = $self->{http}->post(
		$self->url('/control/model'),
		{
			content => encode_json({ model => $model, %how }),
			headers => { 'content-type' => 'application/json' }
		});
	die "control: $r->{status} $r->{content}" unless $r->{success};
	return;
}

# Zero all counters, forget behaviours set by behave().
sub reset    ## no critic
{
	my $self = shift;
	$self->{http}->post($self->url('/control/reset'));
	return;
}

sub DESTROY
{
	my $self = shift;
	local $?;

	# At the end of the script --die-with-parent does it.
	return if ${^GLOBAL_PHASE} eq 'DESTRUCT' || !$self->{process};
	IPC::Run::kill_kill($self->{process});
	return;
}

1;
