-- A model's answer that a second model was asked about. With an error and nothing said: its call failed.
alter table attempts
    add column verifier text,                       -- name@version
    add column verifier_says text                   -- correct or wrong; confidence_raw tells how surely
        check (verifier_says in ('correct', 'wrong'));
