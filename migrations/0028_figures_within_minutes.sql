-- Figures are counted every five minutes instead of every hour: whoever asks counts the last half hour anew, which is
-- 25,000 requests where 400,000 come in on a day, not the last two or three hours.

-- Five minutes are counted twenty minutes after their end by the machine's clock, so only what is opened more than five
-- minutes ago can be late, as long as no transaction takes a quarter of an hour; the condition keeps the function from
-- being called for all else.
drop trigger note_late on cases;
create trigger note_late after insert on cases
    for each row when (new.opened_at < now() - interval '5 minutes') execute function note_late_request();
drop trigger note_late on reply;
create trigger note_late after insert on reply
    for each row when (new.days is not null and new.at < now() - interval '5 minutes')
    execute function note_late_reply();
