CREATE TABLE "daily_parts_cn" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "daily_parts_cn_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"series_id" integer NOT NULL,
	"first_day" date NOT NULL,
	"last_day" date NOT NULL,
	"first_instrument" text NOT NULL,
	"last_instrument" text NOT NULL,
	"days" text NOT NULL,
	"instruments" text NOT NULL,
	"day_of" "bytea" NOT NULL,
	"instrument_of" "bytea" NOT NULL,
	"open" "bytea" NOT NULL,
	"high" "bytea" NOT NULL,
	"low" "bytea" NOT NULL,
	"close" "bytea" NOT NULL,
	"previous_close" "bytea" NOT NULL,
	"volume" "bytea" NOT NULL,
	"amount" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE INDEX "daily_parts_cn_days" ON "daily_parts_cn" USING btree ("series_id","last_day");--> statement-breakpoint
-- Written by hand: bytes of numbers do not compress; left as they are they are copied at the disk's speed.
ALTER TABLE "daily_parts_cn"
  ALTER COLUMN "day_of" SET STORAGE EXTERNAL,
  ALTER COLUMN "instrument_of" SET STORAGE EXTERNAL,
  ALTER COLUMN "open" SET STORAGE EXTERNAL,
  ALTER COLUMN "high" SET STORAGE EXTERNAL,
  ALTER COLUMN "low" SET STORAGE EXTERNAL,
  ALTER COLUMN "close" SET STORAGE EXTERNAL,
  ALTER COLUMN "previous_close" SET STORAGE EXTERNAL,
  ALTER COLUMN "volume" SET STORAGE EXTERNAL,
  ALTER COLUMN "amount" SET STORAGE EXTERNAL;--> statement-breakpoint
-- Written by hand: what is on file becomes a part a day.
INSERT INTO "daily_parts_cn" (series_id, first_day, last_day, first_instrument, last_instrument, days, instruments,
  day_of, instrument_of, open, high, low, close, previous_close, volume, amount)
SELECT series_id, day, day, min(instrument COLLATE "C"), max(instrument COLLATE "C"), day::text,
  string_agg(instrument, ',' ORDER BY place),
  string_agg(int4send(0), ''::bytea), string_agg(int4send(place - 1), ''::bytea ORDER BY place),
  string_agg(float8send(coalesce(open, 'NaN')), ''::bytea ORDER BY place),
  string_agg(float8send(coalesce(high, 'NaN')), ''::bytea ORDER BY place),
  string_agg(float8send(coalesce(low, 'NaN')), ''::bytea ORDER BY place),
  string_agg(float8send(coalesce(close, 'NaN')), ''::bytea ORDER BY place),
  string_agg(float8send(coalesce(previous_close, 'NaN')), ''::bytea ORDER BY place),
  string_agg(float8send(coalesce(volume, 'NaN')), ''::bytea ORDER BY place),
  string_agg(float8send(coalesce(amount, 'NaN')), ''::bytea ORDER BY place)
FROM (
  SELECT *, row_number() OVER (PARTITION BY series_id, day ORDER BY instrument COLLATE "C")::int AS place
  FROM "daily_bars_cn"
) AS placed
GROUP BY series_id, day ORDER BY placed.series_id, placed.day;--> statement-breakpoint
DROP TABLE "daily_bars_cn" CASCADE;
