#!/usr/bin/perl
# Declares the sales of a list, from either side and in either format, by nothing but docs/specification/specification.en.md
# (chapters "Fixed format", "XML format", "Code lists" and "GLN and EAN"). Plain Perl, no module that is not in perl itself.
#
#   perl declare.pl SALES FOLDER ADDRESSEE ISSUED PERIOD      writes FOLDER/{B,F}-PERIOD.{txt,xml}
#
# SALES, UTF-8, ;-separated:  supplier;first 12 digits   library;first 12 digits
#                             F|A;number;AAAAMMJJ;credited number;its AAAAMMJJ
#                             L;first 12 digits of the EAN;quantity;price in cents;discount;VAT;exclusion;evidence;title
use strict;
use warnings;

my ($list, $folder, $addressee, $issued, $period) = @ARGV;
my (%gln, @invoices);

sub numbered {    # twelve digits weighed 1, 3, 1, 3 ... and what is missing to the next ten
    my ($sum, $weight) = (0, 1);
    for my $digit (split //, $_[0]) { $sum += $digit * $weight; $weight = 4 - $weight }
    return $_[0] . (10 - $sum % 10) % 10;
}

open my $sales, '<:encoding(UTF-8)', $list or die "$list: $!";
while (<$sales>) {
    chomp;
    my ($what, @cells) = split /;/, $_, -1;
    if ($what eq 'L') {
        my $invoice = $invoices[-1];
        my %line;
        @line{qw(ean quantity price discount vat exclusion evidence title)} = (numbered($cells[0]), @cells[1 .. 7]);
        push @{$invoice->{lines}}, \%line;
        $invoice->{ht} += int(($line{quantity} * $line{price} * (10_000 - $line{discount}) + 5_000) / 10_000);
    }
    elsif ($what =~ /^[FA]$/) {
        push @invoices, {kind => $what, number => $cells[0], date => $cells[1], credited => $cells[2] // '',
            credited_on => $cells[3] || '00000000', ht => 0, lines => []};
    }
    else { $gln{$what} = numbered($cells[0]) }
}
$_->{ttc} = int(($_->{ht} * 1055 + 500) / 1000) for @invoices;

# -- fixed format ----------------------------------------------------------------------------------

sub latin9 {
    my ($text) = @_;
    $text =~ tr/\x{20AC}\x{160}\x{161}\x{17D}\x{17E}\x{152}\x{153}\x{178}/\xA4\xA6\xA8\xB4\xB8\xBC\xBD\xBE/;
    return $text;
}

sub fixed {
    my ($side) = @_;
    my ($own, $other) = $side eq 'B' ? @gln{qw(library supplier)} : @gln{qw(supplier library)};
    my ($records, %count, %sum) = (0);
    open my $out, '>:raw', "$folder/$side-$period.txt" or die $!;
    my $put = sub {    # type, then pairs of a width and a value: negative widths are text, left-aligned
        my ($mark, @fields) = @_;
        my $record = sprintf '%s%07d', $mark, ++$records;
        while (my ($width, $value) = splice @fields, 0, 2) {
            my $field = $width < 0 ? sprintf('%-*s', -$width, latin9($value)) : sprintf('%0*d', $width, $value);
            die "$mark: $field is too wide" if length $field != abs $width;
            $record .= $field;
        }
        printf $out "%-140s\r\n", $record;
        $count{$mark}++;
    };
    my $moment = substr $issued =~ s/\D//gr, 0, 14;    # given in Paris time
    $put->('EN', -4 => '0100', -1 => $side, -13 => $own, -13 => $addressee, -14 => $moment, -20 => "PERL-$period",
        4 => $period, -1 => 'R', -1 => 'I', -20 => '', 6 => 0);
    for my $invoice (@invoices) {
        my @lines = $side eq 'F' ? @{$invoice->{lines}} : ();
        $put->('FA', -13 => $other, -20 => $invoice->{number}, -8 => $invoice->{date}, -1 => $invoice->{kind},
            12 => $invoice->{ht}, 12 => $invoice->{ttc}, -20 => '', -8 => '00000000', 7 => scalar @lines,
            -20 => $invoice->{credited}, -8 => $invoice->{credited_on});
        $put->('LG', -13 => $_->{ean}, 6 => $_->{quantity}, 9 => $_->{price}, 4 => $_->{discount}, 4 => $_->{vat},
            -2 => $_->{exclusion}, -20 => $_->{evidence}, -60 => $_->{title}) for @lines;
        $sum{$invoice->{kind}} += $invoice->{ht};
    }
    $put->('FI', 7 => $count{FA} // 0, 7 => $count{LG} // 0, 14 => $sum{F} // 0, 14 => $sum{A} // 0);
    close $out or die $!;
}

# -- XML -------------------------------------------------------------------------------------------

sub element {    # name, how it ends, then pairs of an attribute and a value; an empty value is left out
    my ($name, $end, @attributes) = @_;
    my $text = "<$name";
    while (my ($attribute, $value) = splice @attributes, 0, 2) {
        next if $value eq '';
        $value =~ s/&/&amp;/g;
        $value =~ s/</&lt;/g;
        $value =~ s/"/&quot;/g;
        $text .= qq( $attribute="$value");
    }
    return "$text$end\n";
}

sub decimal { return sprintf '%d.%02d', int($_[0] / 100), $_[0] % 100 }
sub day { return $_[0] eq '00000000' ? '' : $_[0] =~ s/(....)(..)(..)/$1-$2-$3/r }

sub xml {
    my ($side) = @_;
    my ($own, $other) = $side eq 'B' ? @gln{qw(library supplier)} : @gln{qw(supplier library)};
    open my $out, '>:encoding(UTF-8)', "$folder/$side-$period.xml" or die $!;
    print $out element('declaration', '>', xmlns => 'urn:droit-de-pret:declaration:1.0', version => '1.0',
        cote => $side eq 'B' ? 'bibliotheque' : 'fournisseur', usage => 'reel', nature => 'initiale',
        reference => "PERL-$period", periode => $period, emission => $issued);
    print $out element('declarant', '/>', gln => $own), element('destinataire', '/>', gln => $addressee);
    for my $invoice (@invoices) {
        print $out element('facture', '>', partenaire => $other, numero => $invoice->{number}, date => day($invoice->{date}),
            type => $invoice->{kind} eq 'F' ? 'facture' : 'avoir', totalHT => decimal($invoice->{ht}),
            totalTTC => decimal($invoice->{ttc}), origine => $invoice->{credited}, dateOrigine => day($invoice->{credited_on}));
        for my $line ($side eq 'F' ? @{$invoice->{lines}} : ()) {
            print $out element('ligne', '/>', ean => $line->{ean}, quantite => $line->{quantity},
                prixPublicHT => decimal($line->{price}), remise => decimal($line->{discount}), tva => decimal($line->{vat}),
                exclusion => $line->{exclusion}, preuve => $line->{evidence}, titre => $line->{title});
        }
        print $out "</facture>\n";
    }
    print $out "</declaration>\n";
    close $out or die $!;
}

for my $side (qw(B F)) { fixed($side); xml($side) }
