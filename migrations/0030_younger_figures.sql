-- Figures are counted every minute instead of every five: whoever asks counts the last three or four minutes anew, not
-- the last twenty-five.

-- A minute is counted two minutes after its end by the machine's clock, so only what is opened more than a minute before
-- it is written can be late, however long its transaction takes: one that wrote before the announcement is waited for.
-- The condition keeps the function from being called for all else.
drop trigger note_late on cases;
create trigger note_late after insert on cases
    for each row when (new.opened_at < clock_timestamp() - interval '1 minute') execute function note_late_request();
drop trigger note_late on reply;
create trigger note_late after insert on reply
    for each row when (new.days is not null and new.at < clock_timestamp() - interval '1 minute')
    execute function note_late_reply();
