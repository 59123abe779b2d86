# What Node has no words for: calls of the kernel, one a line, for the disk agent (disk-agent.ts).
#
# Words are parted by tabs. `sysopen PATH FLAGS` answers a handle; `fileno HANDLE`; `close HANDLE`;
# `ioctl HANDLE REQUEST i:NUMBER` or `h:HEX`; `syscall NUMBER ARGUMENT...`, numbers as `i:5`, texts
# as `s:text`. The answer is `ok VALUE` or `error NUMBER TEXT`. No modules: the image has none.
$| = 1;
my %files;
my $last = 0;

# perl hands on what it has as a number by value, and the rest by reference.
sub argument {
  my ($word) = @_;
  my $kind = substr($word, 0, 2, '');
  return $kind eq 'i:' ? $word + 0 : $kind eq 'h:' ? pack('H*', $word) : $word;
}

while (my $line = <STDIN>) {
  chomp $line;
  my ($what, $of, @rest) = split /\t/, $line, -1;
  my $value;
  $! = 0;
  if ($what eq 'sysopen') {
    my $file;
    if (sysopen($file, $of, $rest[0] + 0, 0600)) { $value = ++$last; $files{$value} = $file; }
  } elsif ($what eq 'fileno') {
    $value = fileno $files{$of};
  } elsif ($what eq 'close') {
    $value = close(delete $files{$of}) ? 0 : undef;
  } elsif ($what eq 'ioctl') {
    my $argument = argument($rest[1]);
    $value = ioctl($files{$of}, $rest[0] + 0, $argument);
  } elsif ($what eq 'syscall') {
    my @arguments = map { argument($_) } @rest;
    $value = syscall($of + 0, @arguments);
    $value = undef if $value == -1;
  }
  print defined $value ? "ok\t" . ($value + 0) . "\n" : "error\t" . ($! + 0) . "\t$!\n";
}
