/*
 * src/alert/alert.h
 *		Alerts wait in ngeshare.alert_outbox, and a background worker sends them.
 *
 * outbox.c uses SPI and no network; deliver.c uses the network and no SPI. worker.c calls both, so
 * that no transaction is open while it waits for the webhook.
 */
#ifndef NGESHARE_ALERT_H
#define NGESHARE_ALERT_H

#include "postgres.h"

#include "utils/guc.h"

/* The oldest pending alert, claimed for one attempt to send it. */
typedef struct AlertMessage
{
	int64 alert_id; /* 0 if no alert is due */
	int attempts;   /* including this one */
	char *payload;  /* JSON in UTF-8, in the context given to alert_claim() */
} AlertMessage;

typedef enum AlertOutcome
{
	ALERT_SENT,
	ALERT_REFUSED, /* permanently: another attempt would not help */
	ALERT_FAILED   /* another attempt may succeed */
} AlertOutcome;

#define ALERT_ERROR_SIZE 256

/* The result of one attempt to send an alert. */
typedef struct AlertAnswer
{
	AlertOutcome outcome;
	int http_status; /* 0 if no response came */
	char error[ALERT_ERROR_SIZE];
} AlertAnswer;

/* outbox.c */
extern bool alert_check_url(char **newval, void **extra, GucSource source);
extern bool alert_check_page_url(char **newval, void **extra, GucSource source);
extern bool alert_has_url(void);
extern bool alert_is_due(void);
extern void alert_abandon_old(void);
extern void alert_claim(AlertMessage *message, MemoryContext context);
extern int64 alert_wait_ms(void);
extern void alert_record(const AlertMessage *message, const AlertAnswer *answer);
extern bool alert_lock_try(void);
extern void alert_lock_release(void);

/* deliver.c */
extern void alert_deliver(const AlertMessage *message, AlertAnswer *answer);

/* worker.c */
extern void alert_start_delivery(void);

#endif
