CREATE TABLE "accounts" (
	"stream" text PRIMARY KEY NOT NULL,
	"desk_id" text NOT NULL,
	"currency" text NOT NULL,
	"cash_minor" bigint NOT NULL,
	"fees_minor" bigint NOT NULL,
	"realized_minor" bigint NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"stream" text,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"channel" text NOT NULL,
	"actor" text NOT NULL,
	"message_id" text,
	"update_id" text,
	"raw_text" text NOT NULL,
	"parsed_act" json,
	"ticket_version" integer,
	"result" text NOT NULL,
	"latency_ms" double precision NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bars" (
	"instrument" text NOT NULL,
	"timeframe" text NOT NULL,
	"source" text NOT NULL,
	"opened_at" timestamp (3) with time zone NOT NULL,
	"closed_at" timestamp (3) with time zone NOT NULL,
	"open" double precision NOT NULL,
	"high" double precision NOT NULL,
	"low" double precision NOT NULL,
	"close" double precision NOT NULL,
	"volume" double precision NOT NULL,
	CONSTRAINT "bars_pk" PRIMARY KEY("instrument","timeframe","source","opened_at")
);
--> statement-breakpoint
CREATE TABLE "events" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "events_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"stream" text NOT NULL,
	"version" integer NOT NULL,
	"type" text NOT NULL,
	"schema_version" smallint NOT NULL,
	"market" text,
	"trading_day" date,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"recorded_at" timestamp (3) with time zone NOT NULL,
	"run_id" text NOT NULL,
	"correlation_id" text,
	"causation_id" text,
	"config_hash" text NOT NULL,
	"code_version" text NOT NULL,
	"data" json NOT NULL,
	CONSTRAINT "events_stream_version" UNIQUE("stream","version")
);
--> statement-breakpoint
CREATE TABLE "imports" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "imports_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"file" text NOT NULL,
	"file_hash" text NOT NULL,
	"imported_at" timestamp (3) with time zone NOT NULL,
	"report" json NOT NULL
);
--> statement-breakpoint
CREATE TABLE "inbox" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "inbox_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" text NOT NULL,
	"channel" text NOT NULL,
	"update_id" text NOT NULL,
	"body" json NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"done_at" timestamp (3) with time zone,
	"result" json,
	CONSTRAINT "inbox_update" UNIQUE("run_id","channel","update_id")
);
--> statement-breakpoint
CREATE TABLE "inputs" (
	"stream" text NOT NULL,
	"ordinal" integer NOT NULL,
	"run_id" text NOT NULL,
	"type" text NOT NULL,
	"hash" text NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"data" json NOT NULL,
	CONSTRAINT "inputs_pk" PRIMARY KEY("stream","ordinal")
);
--> statement-breakpoint
CREATE TABLE "intents" (
	"stream" text NOT NULL,
	"order_id" text NOT NULL,
	"ticket_id" text NOT NULL,
	"role" text NOT NULL,
	"instrument" text NOT NULL,
	"side" text NOT NULL,
	"state" text NOT NULL,
	"quantity" bigint NOT NULL,
	"filled_quantity" bigint NOT NULL,
	"average_price" double precision,
	"fees_minor" bigint NOT NULL,
	"intended_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "intents_pk" PRIMARY KEY("stream","order_id")
);
--> statement-breakpoint
CREATE TABLE "job_run" (
	"job" text NOT NULL,
	"scheduled_for" timestamp (3) with time zone NOT NULL,
	"state" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone,
	"note" text,
	CONSTRAINT "job_run_pk" PRIMARY KEY("job","scheduled_for")
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "outbox_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" text NOT NULL,
	"lane" text NOT NULL,
	"kind" text NOT NULL,
	"priority" smallint NOT NULL,
	"dedupe_key" text NOT NULL,
	"edit_key" text,
	"payload" json NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"not_before" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"state" text DEFAULT 'queued' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"external_id" text,
	"delivered_at" timestamp (3) with time zone,
	"last_error" text,
	CONSTRAINT "outbox_dedupe" UNIQUE("dedupe_key")
);
--> statement-breakpoint
CREATE TABLE "positions" (
	"stream" text NOT NULL,
	"instrument" text NOT NULL,
	"ticket_id" text NOT NULL,
	"side" text NOT NULL,
	"quantity" bigint NOT NULL,
	"entry_price" double precision NOT NULL,
	"stop" double precision NOT NULL,
	"fees_minor" bigint NOT NULL,
	"opened_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "positions_pk" PRIMARY KEY("stream","instrument")
);
--> statement-breakpoint
CREATE TABLE "signals" (
	"stream" text NOT NULL,
	"version" integer NOT NULL,
	"strategy" text NOT NULL,
	"instrument" text NOT NULL,
	"side" text NOT NULL,
	"reference_price" double precision NOT NULL,
	"stop" double precision NOT NULL,
	"raised_at" timestamp (3) with time zone NOT NULL,
	"input_hash" text NOT NULL,
	CONSTRAINT "signals_pk" PRIMARY KEY("stream","version")
);
--> statement-breakpoint
CREATE TABLE "snapshot_raw" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "snapshot_raw_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"source" text NOT NULL,
	"url" text NOT NULL,
	"ingested_at" timestamp (3) with time zone NOT NULL,
	"run_id" text NOT NULL,
	"payload_hash" text NOT NULL,
	"payload" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "state_snapshots" (
	"stream" text NOT NULL,
	"version" integer NOT NULL,
	"state" json NOT NULL,
	"recorded_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "state_snapshots_pk" PRIMARY KEY("stream","version")
);
--> statement-breakpoint
CREATE TABLE "trades" (
	"stream" text NOT NULL,
	"ticket_id" text NOT NULL,
	"code" text NOT NULL,
	"instrument" text NOT NULL,
	"side" text NOT NULL,
	"quantity" bigint NOT NULL,
	"entry_price" double precision NOT NULL,
	"exit_price" double precision NOT NULL,
	"stop" double precision NOT NULL,
	"fees_minor" bigint NOT NULL,
	"pnl_minor" bigint NOT NULL,
	"risk_minor" bigint NOT NULL,
	"result_r" double precision NOT NULL,
	"exit_reason" text NOT NULL,
	"opened_at" timestamp (3) with time zone NOT NULL,
	"closed_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "trades_pk" PRIMARY KEY("stream","ticket_id","closed_at")
);
--> statement-breakpoint
CREATE INDEX "inbox_pending" ON "inbox" USING btree ("run_id","id") WHERE done_at is null;--> statement-breakpoint
CREATE INDEX "outbox_open" ON "outbox" USING btree ("run_id","id") WHERE state in ('queued', 'attempting');--> statement-breakpoint
CREATE INDEX "outbox_edit" ON "outbox" USING btree ("lane","edit_key","id");--> statement-breakpoint
CREATE INDEX "snapshot_raw_source" ON "snapshot_raw" USING btree ("source","ingested_at");