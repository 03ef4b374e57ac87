# AiRouterSession: one connection to a test cluster, without psql in between.
#
# It speaks PostgreSQL's protocol (simple queries, trust) over the cluster's
# socket, so that a test can have many sessions at work in one process, act on
# them while they wait, and measure when exactly they return.
#
#   my $s = AiRouterSession->new($node);
#   $s->send('SELECT ai_complete(..)');  ... pg_cancel_backend($s->pid) ...
#   my $r = $s->wait;          # { rows, tags, error, notices, closed, at }
#   is($r->{error}{C}, '57014');
package AiRouterSession;

use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;
use Socket qw(SOCK_STREAM);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
use PostgreSQL::Test::Utils;

# Seconds on the clock that results are stamped with.
sub now { return clock_gettime(CLOCK_MONOTONIC); }

# new(NODE, dbname => 'postgres', user => .., options => '-c x=y')
sub new
{
	my ($class, $node, %opt) = @_;
	my $path = $node->host . '/.s.PGSQL.' . $node->port;
	my $sock = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $path)
	  or die "could not connect to $path: $!";
	my $self = bless {
		sock => $sock,
		poll => IO::Select->new($sock),
		buf => '',
		parameters => {}
	}, $class;
	my %startup = (
		user => $opt{user} // scalar(getpwuid($<)),
		database => $opt{dbname} // 'postgres',
		application_name => 'ai_router test');
	$startup{options} = $opt{options} if defined $opt{options};
	my $body = pack('N', 196608) . join('', map { "$_\0$startup{$_}\0" } sort keys %startup) . "\0";

	$self->_write(pack('N', 4 + length $body) . $body);
	my $r = $self->wait;
	die "connection refused: $r->{error}{M}" if $r->{error};
	return $self;
}

# Process id of the backend.
sub pid { return $_[0]->{pid}; }

# Start a query and return at once.
sub send    ## no critic (the name of what it does)
{
	my ($self, $sql) = @_;
	$self->_write('Q' . pack('N', 5 + length $sql) . "$sql\0");
	return $self;
}

# Wait for the end of what was sent, or of the session.
sub wait    ## no critic
{
	my ($self, $timeout) = @_;
	my $until = now() + ($timeout // $PostgreSQL::Test::Utils::timeout_default);
	my $result = { rows => [], tags => [], notices => [], error => undef, closed => 0 };

	while (1)
	{
		my ($type, $body) = $self->_message($until);
		$result->{at} = now();
		if (!defined $type)
		{
			$result->{closed} = 1;
			$result->{error} //= _error(S => 'FATAL', C => '08006', M => 'the server closed the connection');
			return $result;
		}
		if ($type eq 'Z') { return $result; }
		elsif ($type eq 'D') { push @{ $result->{rows} }, _row($body); }
		elsif ($type eq 'd') { push @{ $result->{rows} }, [$body]; }
		elsif ($type eq 'C') { push @{ $result->{tags} }, $body =~ s/\0//r; }
		elsif ($type eq 'E') { $result->{error} = _fields($body); }
		elsif ($type eq 'N') { push @{ $result->{notices} }, _fields($body); }
		elsif ($type eq 'K') { ($self->{pid}) = unpack 'N', $body; }
		elsif ($type eq 'R' && unpack('N', $body) != 0) { die 'the server wants a password'; }
	}
}

# True if nothing has arrived yet.
sub busy
{
	my $self = shift;
	return $self->{buf} eq '' && !$self->{poll}->can_read(0);
}

# Run a query to its end.
sub query { my ($self, $sql, $timeout) = @_; return $self->send($sql)->wait($timeout); }

# The first column of the first row; dies on an error.
sub value
{
	my ($self, $sql) = @_;
	my $r = $self->query($sql);
	die "query failed: $r->{error}\n$sql" if $r->{error};
	return @{ $r->{rows} } ? $r->{rows}[0][0] : undef;
}

sub quit
{
	my $self = shift;
	return unless $self->{sock};
	local $SIG{PIPE} = 'IGNORE';
	syswrite $self->{sock}, 'X' . pack('N', 4);
	close delete $self->{sock};
	return;
}

sub DESTROY { my $self = shift; local ($?, $!); $self->quit; return; }

sub _write
{
	my ($self, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';
	while (length $bytes)
	{
		my $n = syswrite $self->{sock}, $bytes;
		die "could not write to the server: $!" unless defined $n;
		substr $bytes, 0, $n, '';
	}
	return;
}

# One message as (type, body); nothing at the end of the connection.
sub _message
{
	my ($self, $until) = @_;

	while (1)
	{
		if (length $self->{buf} >= 5)
		{
			my ($type, $len) = unpack 'a N', $self->{buf};
			if (length $self->{buf} > $len)
			{
				my $message = substr $self->{buf}, 0, 1 + $len, '';
				return ($type, substr $message, 5);
			}
		}
		my $left = $until - now();
		die 'timed out waiting for the server' if $left <= 0 || !$self->{poll}->can_read($left);
		my $n = sysread $self->{sock}, $self->{buf}, 65536, length $self->{buf};
		return unless $n;
	}
}

sub _row
{
	my $body = shift;
	my $n = unpack 'n', $body;
	my $at = 2;
	my @values;

	for (1 .. $n)
	{
		my $len = unpack 'l>', substr $body, $at, 4;
		$at += 4;
		push @values, $len < 0 ? undef : substr $body, $at, $len;
		$at += $len if $len > 0;
	}
	return \@values;
}

# C: SQLSTATE, M: message, D: detail, H: hint, S: severity.
sub _fields
{
	my $body = shift;
	return _error(map { (substr($_, 0, 1) => substr($_, 1)) } grep { length } split /\0/, $body);
}

# In a test's output it is what it says.
sub _error { my %fields = @_; return bless \%fields, 'AiRouterSession::Error'; }

package AiRouterSession::Error;    ## no critic

use overload 'bool' => sub { 1 }, '""' => sub { my $e = shift; return join "\n", "$e->{S}: $e->{C}: $e->{M}", map { $e->{$_} // () } qw(D H) };

1;
