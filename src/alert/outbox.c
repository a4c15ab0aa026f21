/*
 * src/alert/outbox.c
 *		The outbox of alerts, and the checks of ngeshare.alert_url and ngeshare.page_url.
 *
 * Only the oldest pending alert can be claimed, so alerts arrive in order: one that has to wait
 * delays all later ones. The functions that read or write the outbox need an open transaction and a
 * connected SPI.
 */
#include "alert/alert.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "locks.h"
#include "mb/pg_wchar.h"
#include "ngeshare.h"
#include "sql.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(ngeshare_has_alert_url);

/* Attempts in a series. The wait between them doubles, from ngeshare.sync_retry_base on. */
#define ALERT_TRIES 5
/* The wait after a series, and the number of attempts after which an alert is given up. */
#define ALERT_PAUSE_MS 300000
#define ALERT_MAX_ATTEMPTS 20

Datum
ngeshare_has_alert_url(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(alert_has_url());
}

/* Returns the part of an address after http:// or https://; NULL if it begins otherwise. */
static const char *
after_scheme(const char *url)
{
	if (pg_strncasecmp(url, "http://", 7) == 0)
		return url + 7;
	return pg_strncasecmp(url, "https://", 8) == 0 ? url + 8 : NULL;
}

/*
 * Checks whether a text is a web address with a host, and without blanks, backslashes or control
 * characters.
 */
static bool
is_web_address(const char *url)
{
	const char *host = after_scheme(url);
	size_t length;

	if (host == NULL)
		return false;
	for (const char *at = url; *at != '\0'; at++)
		if ((unsigned char) *at <= ' ' || *at == '\\' || *at == 0x7f)
			return false;
	length = strcspn(host, "/?#");
	for (size_t i = length; i > 0; i--)
		if (host[i - 1] == '@')
		{
			host += i;
			length -= i;
			break;
		}
	return length > 0 && *host != ':';
}

/* Checks ngeshare.alert_url. The error omits the refused value: it may be a mistyped secret. */
bool
alert_check_url(char **newval, void **extra, GucSource source)
{
	if (*newval == NULL || **newval == '\0' || is_web_address(*newval))
		return true;
	GUC_check_errcode(ERRCODE_INVALID_PARAMETER_VALUE);
	GUC_check_errmsg("invalid value for parameter \"ngeshare.alert_url\"");
	GUC_check_errdetail(
	    "It has to begin with http:// or https:// and a host, and to contain no blank,"
	    " backslash or control character.");
	GUC_check_errhint("Give the address of a webhook that accepts Slack's format, such as"
	                  " https://chat.example/hooks/key; empty means no alerts.");
	return false;
}

/* Checks ngeshare.page_url: messages show it as a link, so it must be a web address. */
bool
alert_check_page_url(char **newval, void **extra, GucSource source)
{
	if (*newval == NULL || **newval == '\0' || is_web_address(*newval))
		return true;
	GUC_check_errcode(ERRCODE_INVALID_PARAMETER_VALUE);
	GUC_check_errdetail(
	    "It has to begin with http:// or https:// and a host, and to contain no blank,"
	    " backslash or control character.");
	GUC_check_errhint("Give the page's address, such as https://ngeshare.example/; empty means no"
	                  " link.");
	return false;
}

bool
alert_has_url(void)
{
	return ngeshare_settings.alert_url != NULL && *ngeshare_settings.alert_url != '\0';
}

/* Returns the milliseconds until the oldest pending alert is due, or -1 if none is pending. */
int64
alert_wait_ms(void)
{
	if (!sql_query_row("SELECT ceil(extract(epoch FROM"
	                   " greatest(next_attempt_at - clock_timestamp(), interval '0')) * 1000)::int8"
	                   " FROM ngeshare.alert_outbox WHERE status = 'pending'"
	                   " ORDER BY alert_id LIMIT 1",
	                   NULL))
		return -1;
	return sql_int64(1);
}

bool
alert_is_due(void)
{
	return alert_wait_ms() == 0;
}

/*
 * Abandons the alerts that were pending when this server was restored from a backup or promoted:
 * the original server may have sent them. If there were any, and this server has added no alert
 * about a state yet, also resets alert_state, so that the next run reports the state again.
 */
void
alert_abandon_old(void)
{
	if (sql_run("UPDATE ngeshare.alert_outbox SET status = 'abandoned'"
	            " WHERE status = 'pending' AND timeline < ngeshare.timeline()",
	            NULL) == 0)
		return;
	sql_run("UPDATE ngeshare.alert_state SET run_state = 'ok', is_stale = false"
	        " WHERE NOT EXISTS (SELECT 1 FROM ngeshare.alert_outbox"
	        " WHERE timeline = ngeshare.timeline() AND kind NOT IN ('test', 'digest'))",
	        NULL);
}

/* Claims the oldest pending alert for one attempt, if it is due. */
void
alert_claim(AlertMessage *message, MemoryContext context)
{
	MemoryContext caller;
	char *payload;

	message->alert_id = 0;
	if (!sql_query_row("UPDATE ngeshare.alert_outbox SET attempts = attempts + 1,"
	                   " next_attempt_at = clock_timestamp() + interval '5 minutes'"
	                   " WHERE alert_id = (SELECT alert_id FROM ngeshare.alert_outbox"
	                   " WHERE status = 'pending' ORDER BY alert_id LIMIT 1)"
	                   " AND status = 'pending' AND next_attempt_at <= clock_timestamp()"
	                   " RETURNING alert_id, attempts::int8, payload::text",
	                   NULL))
		return;
	message->alert_id = sql_int64(1);
	message->attempts = (int) sql_int64(2);
	payload = sql_text(3);
	caller = MemoryContextSwitchTo(context);
	message->payload = pstrdup(pg_server_to_any(payload, strlen(payload), PG_UTF8));
	MemoryContextSwitchTo(caller);
}

/* Returns the milliseconds to wait after a number of failed attempts, without random jitter. */
static int64
wait_after(int attempts)
{
	int in_row = (attempts - 1) % ALERT_TRIES;

	if (in_row == ALERT_TRIES - 1)
		return ALERT_PAUSE_MS;
	return (int64) ngeshare_settings.sync_retry_base << in_row;
}

/* Records a failed attempt, and when the next one is due if the alert is not given up. */
static void
record_failure(const AlertMessage *message, const AlertAnswer *answer)
{
	SqlArgs args = {0};

	sql_add_int64(&args, message->alert_id);
	sql_add_text(&args, answer->error);
	sql_add_int64(&args, answer->http_status);
	sql_add_bool(&args,
	             answer->outcome == ALERT_REFUSED || message->attempts >= ALERT_MAX_ATTEMPTS);
	sql_add_int64(&args, wait_after(message->attempts));
	sql_run("UPDATE ngeshare.alert_outbox SET last_error = $2, http_status = nullif($3, 0),"
	        " status = CASE WHEN $4 OR created_at < clock_timestamp() - interval '24 hours'"
	        " THEN 'failed' ELSE 'pending' END,"
	        " next_attempt_at = clock_timestamp()"
	        " + $5 * (0.75 + 0.5 * random()) * interval '1 millisecond'"
	        " WHERE alert_id = $1 AND status = 'pending'",
	        &args);
}

/* Records the result of an attempt. */
void
alert_record(const AlertMessage *message, const AlertAnswer *answer)
{
	SqlArgs args = {0};

	if (answer->outcome != ALERT_SENT)
	{
		record_failure(message, answer);
		return;
	}
	sql_add_int64(&args, message->alert_id);
	sql_add_int64(&args, answer->http_status);
	sql_run("UPDATE ngeshare.alert_outbox SET status = 'sent', sent_at = clock_timestamp(),"
	        " http_status = $2, last_error = NULL WHERE alert_id = $1 AND status = 'pending'",
	        &args);
}

/* Takes the delivering worker's session lock. Returns false if another session holds it. */
bool
alert_lock_try(void)
{
	return lock_try_for_session(NGESHARE_LOCK_ALERT);
}

void
alert_lock_release(void)
{
	lock_release_for_session(NGESHARE_LOCK_ALERT);
}
