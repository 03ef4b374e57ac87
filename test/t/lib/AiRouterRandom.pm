# AiRouterRandom: random statements with AI calls in random places, the same ones for the same seed.
#
#   my $r = AiRouterRandom->new(17);
#   my $shape = $r->shape;        # as AiRouterShapes makes them, over its tables
package AiRouterRandom;

use strict;
use warnings;
use AiRouterShapes;

sub new { my ($class, $seed) = @_; return bless { state => $seed * 2654435761 % 4294967296 || 1, n => 0 }, $class; }

# A number from 0 to n - 1: xorshift, as perl's own differs between machines.
sub _below
{
	my ($self, $n) = @_;
	my $x = $self->{state};
	$x ^= $x << 13 & 0xffffffff;
	$x ^= $x >> 17;
	$x ^= $x << 5 & 0xffffffff;
	$self->{state} = $x;
	return int($x / 7) % $n;
}

sub _pick { my ($self, @of) = @_; return $of[ $self->_below(scalar @of) ]; }
sub _chance { my ($self, $percent) = @_; return $self->_below(100) < $percent; }

# An alias of the sources in scope.
sub _of { my ($self, $s) = @_; return $self->_pick(@$s); }

# Expressions over the sources @$s (aliases with columns id, g, n, t, f); depth ends the recursion.
sub _text
{
	my ($self, $s, $depth) = @_;
	my $x = $self->_of($s);

	return $self->_pick("$x.t", "$x.t", "$x.g::text", "'k'") if $depth <= 0;
	my $d = $depth - 1;
	my $kind = $self->_below(14);
	return 'e(' . $self->_text($s, $d) . ')' if $kind < 5;
	return "e($x.n)" if $kind == 5;
	return 'CASE WHEN ' . $self->_bool($s, $d) . ' THEN ' . $self->_text($s, $d) . ' ELSE ' . $self->_text($s, $d) . ' END' if $kind == 6;
	return "CASE $x.g WHEN 1 THEN " . $self->_text($s, $d) . ' WHEN 2 THEN ' . $self->_text($s, $d) . ' END' if $kind == 7;
	return 'coalesce(' . $self->_text($s, $d) . ', ' . $self->_text($s, $d) . ')' if $kind == 8;
	return 'nullif(' . $self->_text($s, $d) . ", 'w7')" if $kind == 9;
	return '(' . $self->_text($s, $d) . ' || ' . $self->_text($s, $d) . ')' if $kind == 10;
	return "CASE WHEN $x.g <> 0 THEN e(12 / $x.g) END" if $kind == 11;
	return 'upper(' . $self->_text($s, $d) . ')' if $kind == 12;
	return '(SELECT max(q.t || ' . $self->_text([ @$s, 'q' ], $d) . ") FROM d q WHERE q.id = $x.id % 5)";
}

sub _bool
{
	my ($self, $s, $depth) = @_;
	my $x = $self->_of($s);

	return $self->_pick("$x.f", "$x.g = 1", "$x.n > 9", "$x.id < 15") if $depth <= 0;
	my $d = $depth - 1;
	my $kind = $self->_below(11);
	return "e($x.g) = '" . $self->_below(4) . q{'} if $kind < 3;
	return $self->_text($s, $d) . " > 'w3'" if $kind == 3;
	return '(' . $self->_bool($s, $d) . $self->_pick(' AND ', ' OR ') . $self->_bool($s, $d) . ')' if $kind <= 5;
	return 'NOT ' . $self->_bool($s, $d) if $kind == 6;
	return $self->_text($s, $d) . $self->_pick(' IS NULL', ' IS NOT NULL', " IN ('w1', 'w2', 'r1', '2')") if $kind == 7;
	return "EXISTS (SELECT FROM d q WHERE q.id = $x.id % 7 AND " . $self->_bool([ @$s, 'q' ], $d) . ')' if $kind == 8;
	return '(' . $self->_bool($s, $d) . ') IS NOT FALSE' if $kind == 9;
	return "length(" . $self->_text($s, $d) . ") = 2";
}

sub _where
{
	my ($self, $s, $percent) = @_;
	return '' unless $self->_chance($percent);
	return ' WHERE ' . join ' AND ', map { $self->_bool($s, 2) } 0 .. $self->_below(2);
}

# Something to select from, with the columns id, g, n, t, f.
sub _source
{
	my ($self, $depth) = @_;
	my $kind = $self->_below($depth > 0 ? 10 : 3);

	return 'd' if $kind < 2;
	return '(SELECT id, g, id AS n, t, id % 3 = 0 AS f FROM p)' if $kind == 2;
	return '(SELECT id, did % 4 AS g, did AS n, u AS t, did > 9 AS f FROM j)' if $kind == 3;
	my $text = $self->_text(['i'], 2);
	my $columns = "i.id, i.g, i.n, $text AS t, i.f";
	my $from = $self->_source($depth - 1) . ' i' . $self->_where(['i'], 40);
	return "(SELECT $columns FROM $from)" if $kind <= 5;
	return "(SELECT $columns FROM $from OFFSET 0)" if $kind == 6;
	return "(SELECT $columns FROM $from ORDER BY i.id, 4 LIMIT " . (1 + $self->_below(9)) . ')' if $kind == 7;
	return "(SELECT $columns FROM $from UNION ALL SELECT id, g, n, t, f FROM d WHERE g = 2)" if $kind == 8;
	return "(SELECT min(i.id) AS id, i.g, max(i.n) AS n, max($text) AS t, bool_or(i.f) AS f FROM $from GROUP BY i.g)";
}

# FROM and WHERE, and the aliases.
sub _from
{
	my ($self) = @_;
	my @s = ('a');
	my $from = $self->_source(2) . ' a';

	if ($self->_chance(35))
	{
		push @s, 'b';
		my $on = 'a.id = b.id' . ($self->_chance(30) ? ' AND ' . $self->_bool([@s], 1) : '');
		$from .= $self->_pick(' JOIN ', ' JOIN ', ' LEFT JOIN ') . $self->_source(1) . " b ON $on";
	}
	return (\@s, $from . $self->_where(\@s, 60));
}

sub _select
{
	my ($self) = @_;
	my ($s, $from) = $self->_from;
	my $kind = $self->_below(10);

	if ($kind < 2)
	{
		my $having = $self->_chance(30) ? " HAVING e(count(*)) <> '3'" : '';
		my $filter = $self->_chance(40) ? ' FILTER (WHERE ' . $self->_bool($s, 1) . ')' : '';
		return 'SELECT a.g, max(' . $self->_text($s, 2) . ")$filter, count(*), e(min(a.id)) FROM $from GROUP BY a.g$having ORDER BY 1";
	}
	my @list = ('a.id', map { $self->_text($s, 3) } 0 .. $self->_below(2));
	return 'SELECT DISTINCT ' . join(', ', @list) . " FROM $from ORDER BY " . join(', ', 1 .. @list) if $kind == 2;
	my $sql = 'SELECT ' . join(', ', @list) . " FROM $from";
	return $sql if $kind <= 4;
	$sql .= ' ORDER BY ' . join ', ', $self->_chance(50) ? (2, 1, 3 .. @list) : 1 .. @list;
	$sql .= ' LIMIT ' . $self->_below(8) if $self->_chance(60);
	$sql .= ' OFFSET ' . $self->_below(4) if $self->_chance(30);
	return $sql;
}

# A shape; its flags say what of it is certain.
sub shape
{
	my ($self) = @_;
	my $kind = $self->_below(20);
	my %flags = (unordered => 1);
	my @sql;

	if ($kind < 12) { @sql = ($self->_select); }
	elsif ($kind == 12) { @sql = ('WITH c AS MATERIALIZED (' . $self->_select . ') SELECT * FROM c'); }
	elsif ($kind == 13)
	{
		@sql = ('CREATE TEMP TABLE made AS SELECT row_number() OVER () AS r, s.* FROM (' . $self->_select . ') s(id, x)', 'SELECT id, x FROM made');
	}
	elsif ($kind == 14)
	{
		%flags = (early => [ '=', 100000 ]);
		@sql = ('DECLARE c CURSOR FOR SELECT ' . $self->_text(['a'], 3) . ' FROM d a' . $self->_where(['a'], 60), 'FETCH 3 FROM c', 'FETCH 4 FROM c', 'CLOSE c');
	}
	elsif ($kind <= 17)
	{
		@sql = ('UPDATE d a SET z = ' . $self->_text(['a'], 3) . $self->_where(['a'], 70), 'SELECT id, z FROM d ORDER BY id');
	}
	elsif ($kind == 18)
	{
		@sql = (
			'UPDATE d a SET z = ' . $self->_text([ 'a', 'b' ], 3) . ' FROM ' . $self->_source(1) . ' b WHERE a.id = b.id AND ' . $self->_bool([ 'a', 'b' ], 2),
			'SELECT id, z FROM d ORDER BY id');
	}
	else { @sql = ('DELETE FROM d a' . $self->_where(['a'], 100) . ' RETURNING a.id'); }
	my $constants = () = "@sql" =~ /'k'/g;
	$flags{once} = [ '=', $constants ] if $constants;
	return { name => join(";\n", @sql), file => 'random', flags => \%flags, sql => [ map { AiRouterShapes::written_out($_) } @sql ] };
}

1;
