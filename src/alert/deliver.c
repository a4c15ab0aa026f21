/*
 * src/alert/deliver.c
 *		Sends one alert to the webhook, with libcurl.
 *
 * These functions use no SPI and run while no transaction is open. libcurl's memory is in no memory
 * context, so alert_deliver() frees it after errors, too. A transfer checks for interrupts five
 * times a second. The address is a secret: an error contains at most its host.
 */
#include "alert/alert.h"

#include <curl/curl.h>

#include "access/xlog.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "storage/ipc.h"
#include "storage/pmsignal.h"

StaticAssertDecl(LIBCURL_VERSION_NUM >= 0x074200, "ngeshare needs libcurl 7.66 or newer");

/* The time between two checks for interrupts. */
#define POLL_MS 200
/* The length in bytes of the longest response body that is accepted. */
#define BODY_LIMIT 65536

/* One request and its libcurl objects. */
typedef struct Transfer
{
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	bool is_joined; /* easy was added to multi */
	size_t received;
	char error[CURL_ERROR_SIZE];
} Transfer;

/* Sets an option of the transfer. All values are valid, so a failure means that memory ran out. */
#define SET_OPTION(transfer, option, value)                                                        \
	do                                                                                             \
	{                                                                                              \
		if (curl_easy_setopt((transfer)->easy, option, value) != CURLE_OK)                         \
			raise_no_memory();                                                                     \
	} while (0)

static void
raise_no_memory(void)
{
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("libcurl could not prepare a request")));
}

/*
 * Counts a piece of the response body. Returns 0, which ends the transfer, if the body is too long.
 */
static size_t
count_body(char *piece, size_t size, size_t count, void *data)
{
	Transfer *transfer = data;

	transfer->received += size * count;
	return transfer->received > BODY_LIMIT ? 0 : size * count;
}

/* Adds a header to the request. */
static void
add_header(Transfer *transfer, const char *header)
{
	struct curl_slist *longer = curl_slist_append(transfer->headers, header);

	if (longer == NULL)
		raise_no_memory();
	transfer->headers = longer;
}

/* Sets the request's address, and restricts its protocols, redirects and duration. */
static void
restrict_transfer(Transfer *transfer)
{
	long timeout = ngeshare_settings.alert_timeout * 1000L;

	SET_OPTION(transfer, CURLOPT_URL, ngeshare_settings.alert_url);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET_OPTION(transfer, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	SET_OPTION(transfer, CURLOPT_PROTOCOLS, (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Do not wait at cleanup for a thread that still resolves a host name. */
	SET_OPTION(transfer, CURLOPT_QUICK_EXIT, 1L);
#endif
	SET_OPTION(transfer, CURLOPT_FOLLOWLOCATION, 0L);
	SET_OPTION(transfer, CURLOPT_SSL_VERIFYPEER, 1L);
	SET_OPTION(transfer, CURLOPT_SSL_VERIFYHOST, 2L);
	SET_OPTION(transfer, CURLOPT_NOSIGNAL, 1L);
	SET_OPTION(transfer, CURLOPT_TIMEOUT_MS, timeout);
	SET_OPTION(transfer, CURLOPT_CONNECTTIMEOUT_MS, timeout);
}

/* Prepares the request. */
static void
prepare(Transfer *transfer, const AlertMessage *message)
{
	transfer->multi = curl_multi_init();
	transfer->easy = curl_easy_init();
	if (transfer->multi == NULL || transfer->easy == NULL)
		raise_no_memory();
	restrict_transfer(transfer);
	add_header(transfer, "Content-Type: application/json");
	add_header(transfer, "Expect:"); /* do not wait for 100 Continue */
	add_header(transfer, psprintf("Idempotency-Key: " UINT64_FORMAT "-%u-" INT64_FORMAT,
	                              GetSystemIdentifier(), MyDatabaseId, message->alert_id));
	SET_OPTION(transfer, CURLOPT_HTTPHEADER, transfer->headers);
	SET_OPTION(transfer, CURLOPT_USERAGENT, "ngeshare/" NGESHARE_VERSION);
	SET_OPTION(transfer, CURLOPT_POSTFIELDS, message->payload);
	SET_OPTION(transfer, CURLOPT_POSTFIELDSIZE, (long) strlen(message->payload));
	SET_OPTION(transfer, CURLOPT_WRITEFUNCTION, count_body);
	SET_OPTION(transfer, CURLOPT_WRITEDATA, transfer);
	SET_OPTION(transfer, CURLOPT_ERRORBUFFER, transfer->error);
	if (curl_multi_add_handle(transfer->multi, transfer->easy) != CURLM_OK)
		raise_no_memory();
	transfer->is_joined = true;
}

/*
 * Lets libcurl do what it can without waiting, and returns whether the transfer still runs. libcurl
 * may start threads to resolve names. They inherit a mask that blocks all signals, because only
 * PostgreSQL's own thread may run its signal handlers.
 */
static bool
go_on(Transfer *transfer)
{
	sigset_t ours;
	int running = 0;
	CURLMcode code;

	sigprocmask(SIG_SETMASK, &BlockSig, &ours);
	code = curl_multi_perform(transfer->multi, &running);
	sigprocmask(SIG_SETMASK, &ours, NULL);
	if (code != CURLM_OK)
		ereport(ERROR, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
		                errmsg("libcurl failed: %s", curl_multi_strerror(code))));
	return running > 0;
}

/* Runs the transfer to its end. Interrupts and the postmaster's death end it early. */
static CURLcode
run_to_end(Transfer *transfer)
{
	CURLMsg *ended;
	int left;

	while (go_on(transfer))
	{
		curl_multi_poll(transfer->multi, NULL, 0, POLL_MS, NULL);
		CHECK_FOR_INTERRUPTS();
		if (!PostmasterIsAlive())
			proc_exit(1);
	}
	ended = curl_multi_info_read(transfer->multi, &left);
	return ended != NULL ? ended->data.result : CURLE_FAILED_INIT;
}

/* Checks whether an error's text contains the part of the address that follows the host. */
static bool
tells_secret(const char *error)
{
	const char *host = strstr(ngeshare_settings.alert_url, "://") + 3;
	const char *path = host + strcspn(host, "/?#");

	return strlen(path) > 1 && strstr(error, path) != NULL;
}

/* Sets the error text of an attempt that got no HTTP status. */
static void
describe_failure(const Transfer *transfer, CURLcode code, AlertAnswer *answer)
{
	const char *error = transfer->error;

	if (*error == '\0' || tells_secret(error))
		error = curl_easy_strerror(code);
	strlcpy(answer->error, error, ALERT_ERROR_SIZE);
}

/*
 * Sets the outcome by the HTTP status, even if reading the body failed. Without a final status the
 * outcome is ALERT_FAILED, and the error text is libcurl's.
 */
static void
judge(const Transfer *transfer, CURLcode code, AlertAnswer *answer)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	answer->http_status = (int) status;
	answer->error[0] = '\0';
	if (status < 200)
	{
		answer->outcome = ALERT_FAILED;
		describe_failure(transfer, code, answer);
	}
	else if (status < 300)
		answer->outcome = ALERT_SENT;
	else
	{
		bool may_pass = status >= 500 || status == 408 || status == 429;

		answer->outcome = may_pass ? ALERT_FAILED : ALERT_REFUSED;
		snprintf(answer->error, ALERT_ERROR_SIZE, "the webhook answered with status %ld%s", status,
		         status < 400 ? "; redirects are not followed" : "");
	}
}

/* Frees what libcurl allocated. */
static void
release(Transfer *transfer)
{
	if (transfer->is_joined)
		curl_multi_remove_handle(transfer->multi, transfer->easy);
	if (transfer->easy != NULL)
		curl_easy_cleanup(transfer->easy);
	if (transfer->multi != NULL)
		curl_multi_cleanup(transfer->multi);
	curl_slist_free_all(transfer->headers);
}

/* Makes one attempt to deliver an alert, within ngeshare.alert_timeout. */
void
alert_deliver(const AlertMessage *message, AlertAnswer *answer)
{
	static bool is_initialized = false;
	Transfer transfer = {0};

	if (!is_initialized && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		raise_no_memory();
	is_initialized = true;
	PG_TRY();
	{
		prepare(&transfer, message);
		judge(&transfer, run_to_end(&transfer), answer);
	}
	PG_FINALLY();
	{
		release(&transfer);
	}
	PG_END_TRY();
}
