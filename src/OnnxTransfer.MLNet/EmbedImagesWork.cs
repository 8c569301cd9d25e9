namespace OnnxTransfer.MLNet;

/// <summary>What a transformer has done since it was made, over all its cursors; rows of a prediction engine are not counted.</summary>
/// <param name="Rows">Rows whose embedding was looked up or computed.</param>
/// <param name="Embedded">Images computed; the others were in the cache, or twins of one in the same window.</param>
/// <param name="Runs">Runs of the backbone that took, a batch each.</param>
public readonly record struct EmbedImagesWork(long Rows, long Embedded, long Runs);
