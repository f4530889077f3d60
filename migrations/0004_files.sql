CREATE TABLE "files" (
	"hash" text PRIMARY KEY NOT NULL,
	"content" "bytea" NOT NULL,
	"saved_at" timestamp (3) with time zone NOT NULL
);
