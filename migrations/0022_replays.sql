-- A dead letter that came of the replay of another names it: looked up for each one that is kept.

create index dead_letter_replayed_as on dead_letter (replayed_as) where replayed_as is not null;
