CREATE TABLE "leadership" (
	"id" smallint PRIMARY KEY NOT NULL,
	"epoch" bigint NOT NULL,
	"holder" text NOT NULL,
	"taken_at" timestamp (3) with time zone NOT NULL,
	"seen_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "leadership_epoch" UNIQUE("epoch"),
	CONSTRAINT "leadership_one" CHECK ("leadership"."id" = 1)
);
--> statement-breakpoint
-- True under the epoch that leads; every other one is refused. The row stays locked against a raise of
-- the epoch until the caller's transaction ends, so whoever raises it sees all that was let in before.
CREATE FUNCTION leads(p_epoch bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF p_epoch IS NULL THEN
    RETURN true;
  END IF;
  PERFORM 1 FROM leadership WHERE epoch = p_epoch FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'epoch % is over: another process leads', p_epoch USING ERRCODE = 'ZL001';
  END IF;
  RETURN true;
END $$;
--> statement-breakpoint
DROP FUNCTION append_batch(text, integer, json, json, json, bigint, json, json);
--> statement-breakpoint
-- One call is one transaction: events, messages to send, the inbox mark and the audit rows, or nothing.
-- A null stream leaves the log alone, a null epoch is asked of nobody who leads. Answers {"conflict": version} or {"version", "outbox": [{"id", "key"}]}.
CREATE FUNCTION append_batch(
  p_stream text, p_expected integer, p_context json, p_events json, p_outbox json,
  p_inbox_id bigint, p_inbox_result json, p_audit json, p_epoch bigint DEFAULT NULL
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
  v_actual integer;
  v_outbox json;
BEGIN
  PERFORM leads(p_epoch);
  IF p_stream IS NOT NULL THEN
    SELECT coalesce(max(version), 0) INTO v_actual FROM events WHERE stream = p_stream;
    IF v_actual <> p_expected THEN
      RETURN json_build_object('conflict', v_actual);
    END IF;
    INSERT INTO events (stream, version, type, schema_version, market, trading_day, occurred_at, recorded_at,
      run_id, correlation_id, causation_id, config_hash, code_version, data)
    SELECT p_stream, p_expected + e.n::int, e.v->>'type', (e.v->>'schemaVersion')::smallint, p_context->>'market',
      (p_context->>'tradingDay')::date, instant_of((p_context->>'occurredAt')::float8), clock_timestamp(),
      p_context->>'runId', p_context->>'correlationId', p_context->>'causationId', p_context->>'configHash',
      p_context->>'codeVersion', e.v->'data'
    FROM json_array_elements(p_events) WITH ORDINALITY AS e(v, n) ORDER BY e.n;
    v_actual := p_expected + json_array_length(p_events);
  END IF;
  IF json_array_length(p_outbox) > 0 THEN
    WITH added AS (
      INSERT INTO outbox (run_id, lane, kind, priority, dedupe_key, edit_key, payload, created_at, not_before, expires_at)
      SELECT o.v->>'runId', o.v->>'lane', o.v->>'kind', (o.v->>'priority')::smallint, o.v->>'dedupeKey',
        o.v->>'editKey', o.v->'payload', instant_of((o.v->>'createdAt')::float8),
        instant_of((o.v->>'notBefore')::float8), instant_of((o.v->>'expiresAt')::float8)
      FROM json_array_elements(p_outbox) WITH ORDINALITY AS o(v, n) ORDER BY o.n
      ON CONFLICT (dedupe_key) DO NOTHING
      RETURNING id, dedupe_key
    )
    SELECT json_agg(json_build_object('id', id, 'key', dedupe_key) ORDER BY id) INTO v_outbox FROM added;
  END IF;
  IF p_inbox_id IS NOT NULL THEN
    UPDATE inbox SET done_at = clock_timestamp(), result = p_inbox_result WHERE id = p_inbox_id AND done_at IS NULL;
  END IF;
  IF json_array_length(p_audit) > 0 THEN
    INSERT INTO audit (stream, occurred_at, channel, actor, message_id, update_id, raw_text, parsed_act,
      ticket_version, result, latency_ms)
    SELECT p_stream, instant_of((a->>'occurredAt')::float8), a->>'channel', a->>'actor', a->>'messageId',
      a->>'updateId', a->>'rawText', a->'parsedAct', (a->>'ticketVersion')::int, a->>'result',
      (a->>'latencyMs')::float8
    FROM json_array_elements(p_audit) AS a;
  END IF;
  RETURN json_build_object('version', v_actual, 'outbox', coalesce(v_outbox, '[]'::json));
END $$;
