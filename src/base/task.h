/*
 * task.h
 *	  The kinds of work a model can do.
 */
#ifndef AIR_TASK_H
#define AIR_TASK_H

/* models.mode: chat, embedding, rerank. */
typedef enum AirTask
{
	AIR_CHAT,
	AIR_EMBED,
	AIR_RERANK
} AirTask;

#endif
