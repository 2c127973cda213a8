-- about: how often the model's tone agrees with people's words
-- grain: project_id, said, model_sentiment
-- needs: core.mention
-- column said: the tone a person gave
-- column model_sentiment: the tone the model gave
-- column mention_count: mentions so labelled
SELECT project_id, sentiment AS said, model_sentiment, count(*) AS mention_count
FROM core.mention
WHERE is_labelled
GROUP BY ALL
