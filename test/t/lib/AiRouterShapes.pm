# AiRouterShapes: statement shapes (test/t/shapes/*.sql), run with batching on and off and compared.
#
# A shape is a line "--: name | flags" and statements, which are sent one line group at a time (a statement
# ends with a semicolon at the end of a line whose successor is not indented by a tab).  e(x) stands for a call
# that answers x: ai_complete('Echo: ' || x).  Each shape runs in a transaction of its own that is rolled back.
#
# Flags:
#   calls=N calls<=N  provider calls with batching on (in the first variant only: plans differ)
#   same              as many calls as plain evaluation makes, not fewer either
#   lazy              a merge join, which ends with one of its sides, may buy up to twice what it needed
#   early=N           the consumer stops early: at most N calls, which may be more than plain evaluation makes
#   batched plain     calls were, or were not, side by side (first variant)
#   once=N            N calls depend on no row: each may be made once even if no row asks for it
#   peak=N            at least N side by side (first variant)
#   unordered         rows in any order
#   ahead             arguments of later rows are looked at first: their error may come before rows that are due
#   rows=off          rows are not compared
package AiRouterShapes;

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use PostgreSQL::Test::Utils;

my $dir = abs_path(dirname(__FILE__) . '/../shapes');

# SQL with e(..) written out.
sub written_out { my $sql = shift; $sql =~ s/\be\(/ai_complete('Echo: ' || /g; return $sql; }

# Statements of a setup file, as one string.
sub setup { return written_out(slurp_file("$dir/$_[0].sql")); }

# All shapes of a file, in order: { name, file, flags, sql => [..] }
sub shapes
{
	my ($file) = @_;
	my @shapes;

	for my $text (split /^(?=--: )/m, written_out(slurp_file("$dir/$file.sql")))
	{
		my ($head, $sql) = split /\n/, $text, 2;
		my ($name, $flags) = $head =~ /^--: (.+?)(?: \| (.+))?$/ or next;
		my %flags = map { /^(\w+)(<?=)(\w+)$/ ? ($1 => [ $2, $3 ]) : ($_ => 1) } split / /, $flags // '';
		$sql =~ s/;?\s+\z//;
		push @shapes, { name => $name, file => $file, flags => \%flags, sql => [ split /;\n(?!\t)/, $sql ] };
	}
	return @shapes;
}

# A statement as it is sent: with prepared => 1 as a prepared one where that is possible.
sub _queries
{
	my ($sql, $prepared) = @_;
	return $sql if !$prepared || $sql !~ /^\s*(SELECT|WITH|INSERT|UPDATE|DELETE|MERGE|VALUES)\b/ || $sql =~ /;|\bINTO made\b/;
	return ("PREPARE shape AS $sql", 'EXECUTE shape', 'DEALLOCATE shape');
}

# The id of a request differs between two runs.
sub _message { my $m = shift; $m =~ s/request id \w+/request id/g; return $m; }

# What the client saw of one query.
sub _seen
{
	my ($r) = @_;
	return {
		rows => [ map { _message(join '|', map { $_ // '\N' } @$_) } @{ $r->{rows} } ],
		tags => join(' ', @{ $r->{tags} }),
		notices => [ sort map { "$_->{S}: " . _message($_->{M}) } @{ $r->{notices} } ],
		error => $r->{closed} ? 'session ended' : $r->{error} ? "$r->{error}{C}: " . _message($r->{error}{M}) : '',
	};
}

# Run a shape in a session: { seen => [..], calls, peak }.  latency => [LAT, JIT] of the provider in ms.
sub run
{
	my ($t, $session, $shape, %opt) = @_;
	my $sandbox = $t->sandbox;
	my @seen;

	$sandbox->reset;
	$sandbox->behave('m', lat => $opt{latency}[0], jit => $opt{latency}[1]) if $opt{latency};
	$session->query('BEGIN');
	for my $sql (@{ $shape->{sql} })
	{
		push @seen, _seen($session->query($_)) for _queries($sql, $opt{prepared});
		return { seen => \@seen, dead => 1 } if $seen[-1]{error} eq 'session ended';
	}
	$session->query('ROLLBACK; DEALLOCATE ALL');

	# Calls that were broken off are gone when the provider says so.
	$sandbox->wait_for(undef, 'in_flight', 0, 'eq');
	return { seen => \@seen, calls => $sandbox->counter(undef, 'requests'), peak => $sandbox->counter('m', 'peak') };
}

sub _rows
{
	my ($shape, $seen, $parallel) = @_;
	return 'not compared' if $shape->{flags}{rows};
	my @rows = @{ $seen->{rows} };
	@rows = sort @rows if $shape->{flags}{unordered} || $parallel && "@{ $shape->{sql} }" !~ /ORDER BY/;
	return join "\n", @rows;
}

# What is wrong with a run with batching against one without, as text; nothing if all is well.
# figures => 1: flags that are about the shape's usual plan count; parallel => 1: workers give rows in any order.
sub problems
{
	my ($shape, $on, $off, %opt) = @_;
	my $flags = $shape->{flags};
	my @bad;

	return 'the session ended' if $on->{dead} || $off->{dead};
	for my $i (0 .. $#{ $off->{seen} })
	{
		my ($x, $y) = ($on->{seen}[$i], $off->{seen}[$i]);
		my $which = 'statement ' . ($i + 1);
		push @bad, "$which, error:\n$x->{error}\nplain:\n$y->{error}" if $x->{error} ne $y->{error};
		push @bad, "$which, tag: $x->{tags}, plain: $y->{tags}" if $x->{tags} ne $y->{tags};
		my ($xr, $yr) = map { _rows($shape, $_, $opt{parallel}) } $x, $y;
		$yr = substr $yr, 0, length $xr if $flags->{ahead} && $x->{error};
		push @bad, "$which, rows:\n$xr\nplain:\n$yr" if $xr ne $yr;
		my ($xn, $yn) = map { join "\n", @{ $_->{notices} } } $x, $y;
		push @bad, "$which, notices:\n$xn\nplain:\n$yn" if $xn ne $yn;
	}

	my ($n, $plain) = ($on->{calls}, $off->{calls});
	if (my $early = $flags->{early}) { push @bad, "$n calls, at most $early->[1] wanted" if $n > $early->[1]; }
	elsif ($n > $plain * ($flags->{lazy} ? 2 : 1) + ($flags->{once} ? $flags->{once}[1] : 0)) { push @bad, "$n calls, plain evaluation makes $plain"; }
	push @bad, "$n calls, plain evaluation makes $plain, the same wanted" if $flags->{same} && $n != $plain;
	return @bad unless $opt{figures};

	if (my $calls = $flags->{calls})
	{
		my ($op, $want) = @$calls;
		push @bad, "$n calls, $op$want wanted" unless $op eq '=' ? $n == $want : $n <= $want;
	}
	my $peak = $flags->{peak} ? $flags->{peak}[1] : $flags->{batched} ? 2 : 0;
	push @bad, "$on->{peak} side by side, $peak wanted" if $on->{peak} < $peak;
	push @bad, "$on->{peak} side by side, plain evaluation expected" if $flags->{plain} && $on->{peak} > 1;
	push @bad, "$off->{peak} side by side with batching off" if $off->{peak} > 1 && !$opt{arrays};
	return @bad;
}

1;
