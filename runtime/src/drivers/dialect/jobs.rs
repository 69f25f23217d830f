//! The statements that store a job in River's table, and give it a number: River's own, for what a job has here.
//!
//! Their arguments: the job as JSON, its kind, the attempts, the priority, the queue, and the milliseconds that it waits.

/// A job that does not wait is there from the start of the transaction, as River has it.
pub(in crate::drivers) const POSTGRESQL: &str = "\
    INSERT INTO river_job (args, kind, max_attempts, priority, queue, scheduled_at, state) \
    VALUES ($1::text::jsonb, $2::text, $3::smallint, $4::smallint, $5::text, \
    CASE WHEN $6::bigint = 0 THEN now() \
    ELSE clock_timestamp() + $6::bigint * interval '1 millisecond' END, \
    CASE WHEN $6::bigint = 0 THEN 'available' ELSE 'scheduled' END::river_job_state) \
    RETURNING id";

/// The table's own default for the time of its creation has whole seconds.
pub(in crate::drivers) const SQLITE: &str = "\
    INSERT INTO river_job (args, kind, max_attempts, priority, queue, created_at, scheduled_at, state) \
    VALUES (jsonb(?1), ?2, ?3, ?4, ?5, datetime('now', 'subsec'), \
    datetime('now', 'subsec', format('%.3f seconds', ?6 / 1000.0)), \
    CASE WHEN ?6 = 0 THEN 'available' ELSE 'scheduled' END) \
    RETURNING id";
