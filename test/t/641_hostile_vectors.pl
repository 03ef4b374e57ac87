# A provider whose vectors change their length: those of one statement are of one kind, whatever comes.
# (Which vector belongs to which row: 600_embed.pl, 601_packing.pl and the fuzz targets.)
use strict;
use warnings;
use Test::More;
use AiRouterTest;

my $t = AiRouterTest->new('hostile_vectors', cache => 1, conf => "ai_router.retries = 0\nai_router.max_concurrency = 1\n");
$t->server('p', api => 'openai', path => '/v1');
$t->sql("INSERT INTO ai_router.rules(name) VALUES ('default')");
$t->model('e', 'p', 'e--fault-shortvec--every-2', mode => 'embedding');
$t->model('once', 'p', 'once--fault-shortvec--after-1--first-1', mode => 'embedding');
$t->model('new', 'p', 'new', mode => 'embedding');
$t->sql("CREATE TABLE d AS SELECT g AS id, 'text ' || g AS t FROM generate_series(1, 700) g");

sub forget { $t->sql('SELECT ai_router.cache_clear(NULL)'); $t->reset; return; }

# Lengths and how many there are of each.
sub lengths { my ($what) = @_; return $t->sql("SELECT coalesce(v::text, 'none'), count(*) FROM (SELECT cardinality(x) v FROM ($what) s(x)) y GROUP BY 1 ORDER BY 1"); }

my %forms = (
	array => q(SELECT embedding FROM ai_embed(ARRAY(SELECT t FROM d), 'HINTS')),
	rows => q(SELECT ai_embed(t, 'HINTS') FROM d));
for my $form (sort keys %forms)
{
	# Without the node each row is a call of its own, and knows nothing of the others.
	for my $batching ($form eq 'rows' ? 'on' : ('on', 'off'))
	{
		my $sql = "SET ai_router.batching = $batching; " . ($forms{$form} =~ s/HINTS/{"model": "e"}/r);
		# One request at a time, and the second one has the fault.
		forget();
		my ($out, $err) = $t->try($sql);
		like($err, qr/RT006: .*the embedding has 63 dimensions, others of this statement have 64/, "$form, batching $batching: an error");
		like($err, qr/cache_clear/, 'with a hint');
	}
	forget();
	is(lengths($forms{$form} =~ s/HINTS/{"model": "e", "on_error": "null"}/r), "64|444\nnone|256", "$form: none of another length");
	forget();
	is(lengths($forms{$form} =~ s/HINTS/{"model": "once", "retries": 1}/r), "64|700", "$form: another attempt mends it");
}

# What the cache holds is of the model that was behind the name before.
forget();
$t->sql(q(SELECT ai_embed(t, '{"model": "new"}') FROM d WHERE id <= 5));
$t->sql(q(UPDATE ai_router.models SET model = 'new--dim-32' WHERE name = 'new'));
is(lengths(q(SELECT ai_embed(t, '{"model": "new"}') FROM d WHERE id <= 10)), '32|10', 'another model of the provider: asked anew');
$t->sql(q(UPDATE ai_router.models SET model = 'same' WHERE name = 'new'));
$t->sql(q(SELECT ai_embed(t, '{"model": "new"}') FROM d WHERE id BETWEEN 4 AND 8));
$t->behave('same', dim => 32);
my ($out, $err) = $t->try(q(SELECT ai_embed(t, '{"model": "new"}') FROM (SELECT * FROM d WHERE id <= 10 ORDER BY id IN (5) DESC OFFSET 0) s));
like($err, qr/RT006: .*the embedding has 32 dimensions, others of this statement have 64/, 'another one behind the same name: cached ones first');
is(lengths(q(SELECT ai_embed(t, '{"model": "new", "cache": "refresh"}') FROM d WHERE id <= 10)), '32|10', 'all of them anew');

done_testing();
