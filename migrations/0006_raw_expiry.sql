CREATE TABLE "raw_expiries" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "raw_expiries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"expired_at" timestamp (3) with time zone NOT NULL,
	"before" timestamp (3) with time zone NOT NULL,
	"source" text NOT NULL,
	"answers" integer NOT NULL,
	"bytes" bigint NOT NULL
);--> statement-breakpoint
-- Written by hand: raw answers are never changed, and taken out only when they are old, by the function below.
CREATE FUNCTION refuse_raw_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('centaur.expiring', true) = 'on' AND OLD.ingested_at < now() - interval '7 days' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, lower(TG_OP) USING ERRCODE = 'insufficient_privilege';
END $$;--> statement-breakpoint
DROP TRIGGER snapshot_raw_no_change ON snapshot_raw;--> statement-breakpoint
CREATE TRIGGER snapshot_raw_no_change BEFORE UPDATE OR DELETE ON snapshot_raw FOR EACH ROW EXECUTE FUNCTION refuse_raw_change();--> statement-breakpoint
CREATE TRIGGER raw_expiries_no_change BEFORE UPDATE OR DELETE ON raw_expiries FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER raw_expiries_no_truncate BEFORE TRUNCATE ON raw_expiries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE INDEX "snapshot_raw_ingested" ON "snapshot_raw" USING brin ("ingested_at");--> statement-breakpoint
-- Takes out at most p_most of the oldest answers that came before p_before, and files how many. The desk may call
-- it and do nothing else to them; what is younger than 7 days it refuses whatever is asked.
CREATE FUNCTION expire_raw(p_before timestamptz, p_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_count integer;
BEGIN
  IF p_before > now() - interval '7 days' THEN
    RAISE EXCEPTION 'raw answers are kept for 7 days at least: % refused', p_before USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM set_config('centaur.expiring', 'on', true);
  WITH old AS (
    SELECT id FROM snapshot_raw WHERE ingested_at < p_before ORDER BY id LIMIT p_most
  ), gone AS (
    DELETE FROM snapshot_raw USING old WHERE snapshot_raw.id = old.id
    RETURNING source, octet_length(payload) AS bytes
  ), filed AS (
    INSERT INTO raw_expiries (expired_at, before, source, answers, bytes)
    SELECT clock_timestamp(), p_before, source, count(*), sum(bytes) FROM gone GROUP BY source
    RETURNING answers
  )
  SELECT coalesce(sum(answers), 0) INTO v_count FROM filed;
  PERFORM set_config('centaur.expiring', 'off', true);
  RETURN v_count;
END $$;--> statement-breakpoint
REVOKE ALL ON FUNCTION expire_raw(timestamptz, integer) FROM PUBLIC;
