-- What is not urgent makes way while commands come in: every one draws a number of the audit.
grant select on sequence audit_id_seq to usciere_engine;
