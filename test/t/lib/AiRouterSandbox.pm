# AiRouterSandbox: a running sandbox provider (test/provider) and its counters.
#
#   my $sandbox = AiRouterSandbox->new(tls => 1, cert => 'expired.pem');
#   $sandbox->url('/compat/v1', 'https'); $sandbox->counter($model, 'requests');
package AiRouterSandbox;

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IO::Socket::INET;
use IPC::Run;
use JSON::PP;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(usleep);
use PostgreSQL::Test::Utils;

my $provider_dir = abs_path(dirname(__FILE__) . '/../../provider');

# new(tls => 1, cert => NAME, hang => 1, blackhole => 1)
sub new
{
	my ($class, %opt) = @_;
	my $ready = PostgreSQL::Test::Utils::tempdir() . '/ready';
	my @options = ('--port', 0, '--ready-file', $ready, '--die-with-parent');
	my $self = bless {}, $class;

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

# Ask /control, over a connection that stays: (status, body).  In one piece, or the kernel keeps a body back for
# 40 ms until it knows that the head has arrived: tests do this ten thousand times.
sub _control
{
	my ($self, $method, $path, $body) = @_;

	for my $try (1, 2)
	{
		my ($in, $head, $length) = ('');
		my $sock = $self->{control} //= IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port})
		  // die "could not connect to the sandbox provider: $!";
		setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, 1;
		local $SIG{PIPE} = 'IGNORE';
		syswrite $sock, "$method /control/$path HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
		  . length($body // '') . "\r\n\r\n" . ($body // '');
		until (defined $head && length $in >= $head + $length)
		{
			sysread $sock, $in, 65536, length $in or last;
			next unless $in =~ /\r\n\r\n/;
			$head = $+[0];
			($length) = $in =~ /^content-length: (\d+)/im;
		}
		return ($in =~ m{^HTTP/1\.1 (\d+)}, substr $in, $head) if defined $head;
		# It was closed meanwhile.
		delete $self->{control};
	}
	die 'the sandbox provider does not answer';
}

sub _get
{
	my ($self, $path) = @_;
	my ($status, $body) = $self->_control('GET', $path);
	return $status == 200 ? $body : undef;
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
	my ($status, $answer) = $self->_control('POST', 'model', encode_json({ model => $model, %how }));
	die "control: $status $answer" unless $status == 200;
	return;
}

# Zero all counters, forget behaviours set by behave().
sub reset    ## no critic
{
	my $self = shift;
	$self->_control('POST', 'reset');
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
