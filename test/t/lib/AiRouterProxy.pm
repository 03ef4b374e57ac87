# AiRouterProxy: a small HTTP proxy in a process of its own, which notes what it is asked for.
#
#   my $proxy = AiRouterProxy->new;
#   $proxy->url;          # http://127.0.0.1:port
#   $proxy->requests;     # ('CONNECT 127.0.0.1:443', 'POST http://..')
package AiRouterProxy;

use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use PostgreSQL::Test::Utils;

sub new
{
	my $class = shift;
	my $listener = IO::Socket::INET->new(Listen => 32, LocalAddr => '127.0.0.1')
	  or die "could not listen: $!";
	my $self =
	  bless { port => $listener->sockport, log => PostgreSQL::Test::Utils::tempdir() . '/requests' }, $class;
	my $parent = $$;

	append_to_file($self->{log}, '');
	$self->{pid} = fork // die "could not fork: $!";
	return $self if $self->{pid};

	# The child: no destructors, no END blocks; gone soon after its parent.
	$SIG{TERM} = $SIG{INT} = 'DEFAULT';
	$SIG{PIPE} = $SIG{CHLD} = 'IGNORE';
	my $poll = IO::Select->new($listener);
	while (getppid == $parent)
	{
		_serve(scalar $listener->accept, $self->{log}) if $poll->can_read(0.2);
	}
	POSIX::_exit(0);
}

sub url { return "http://127.0.0.1:$_[0]->{port}"; }

# What it was asked for, in order: method and target.
sub requests { return split /\n/, slurp_file($_[0]->{log}); }

sub DESTROY
{
	my $self = shift;
	local $?;
	kill 'TERM', $self->{pid} if $self->{pid};
	return;
}

# One connection: read the head, connect, then pass bytes on in both directions.
sub _serve
{
	my ($client, $log) = @_;

	return if fork;
	eval { _pass($client, $log); };
	POSIX::_exit(0);
}

sub _pass
{
	my ($client, $log) = @_;
	my $head = '';

	while ($head !~ /\r\n\r\n/)
	{
		sysread $client, $head, 65536, length $head or return;
	}
	my ($method, $host, $port) = $head =~ m{^(\w+) (?:http://)?([\w.]+):(\d+)} or return;
	my $server = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port) or return;
	my $tunnel = $method eq 'CONNECT';

	if ($tunnel)
	{
		append_to_file($log, "CONNECT $host:$port\n");
		syswrite $client, "HTTP/1.1 200 OK\r\n\r\n";
	}
	else
	{
		syswrite $server, _forwarded($head, $log);
	}

	my $poll = IO::Select->new($client, $server);
	while (my @ready = $poll->can_read(30))
	{
		for my $from (@ready)
		{
			sysread $from, my $bytes, 65536 or return;
			$bytes = _forwarded($bytes, $log) if $from == $client && !$tunnel;
			syswrite($from == $client ? $server : $client, $bytes);
		}
	}
	return;
}

# A request as the server wants it: without scheme and host in its first line.
sub _forwarded
{
	my ($bytes, $log) = @_;
	append_to_file($log, "$1 $2$3\n") if $bytes =~ s{^(\w+) (http://[\w.]+:\d+)(\S+)}{$1 $3};
	return $bytes;
}

1;
