# The README's SQL, copied literally: every sql block runs, and where an output block follows, it is
# what psql prints.  With README_FILL=1 the output blocks of the README given as README are rewritten.
use strict;
use warnings;
use AiRouterTest;
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $readme = $ENV{README} // dirname(__FILE__) . '/../../README.md';
my $t = AiRouterTest->new('readme', cache => 1);
my $node = $t->node;
my $keyfile = PostgreSQL::Test::Utils::tempdir() . '/key';
append_to_file($keyfile, "sandbox-key\n");
chmod 0600, $keyfile;
$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(tour own);
$node->safe_psql('own', 'CREATE EXTENSION ai_router');

# Run a block as a user would paste it; returns everything that psql shows.
sub paste
{
	my ($db, $sql) = @_;
	my $out = '';
	local $ENV{PAGER} = 'cat';
	IPC::Run::run(
		[ 'psql', '-X', '-d', $node->connstr($db), '-v', 'sandbox=' . $t->url('/compat/v1'),
			'-v', "keyfile=$keyfile" ],
		'<', \$sql, '>', \$out, '2>&1');
	return $out;
}

# Command tags and rows; README shows rows only.
sub rows { my $s = shift; $s =~ s/^(CREATE|ALTER|COMMENT|INSERT|UPDATE|GRANT|ANALYZE)\b.*\n//mg; $s =~ s/\s+\z/\n/; return $s; }

my $text = slurp_file($readme);
my $db = 'tour';
my $filled = '';
my $n = 0;
while ($text =~ /\G(.*?)^```sql\n(.*?)^```\n(?:```text\n(.*?)^```\n)?/gcms)
{
	my ($before, $sql, $expected) = ($1, $2, $3);
	$db = 'own' if $before =~ /^## On your own server/m;
	$db = 'tour' if $before =~ /^## (Functions|Test your own)/m;
	my $out = paste($db, $sql);
	$n++;
	unlike($out, qr/^(psql:.*)?(ERROR|FATAL|invalid command)/m, "README block $n runs");
	is(rows($out), rows($expected), "README block $n prints what is shown")
	  if defined $expected && !$ENV{README_FILL};
	$filled .= "$before```sql\n$sql```\n" . (defined $expected ? "```text\n" . rows($out) . "```\n" : '');
}
cmp_ok($n, '>=', 8, 'the README has its tour');
if ($ENV{README_FILL})
{
	$filled .= substr($text, pos($text) // 0);
	open my $fh, '>', $readme or die "$readme: $!";
	print $fh $filled;
	close $fh;
}
done_testing();
