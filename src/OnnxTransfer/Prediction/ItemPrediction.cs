using OnnxTransfer.Datasets;

namespace OnnxTransfer.Prediction;

/// <summary>What became of one item of many.</summary>
/// <param name="Item">The item.</param>
/// <param name="Prediction">The model's answer; null where the item failed.</param>
/// <param name="Error">Why it failed, naming the file; null where it did not.</param>
public sealed record ItemPrediction(DatasetItem Item, ImagePrediction? Prediction, string? Error);
