namespace OnnxTransfer.Heads.Tuning;

/// <summary>Where a stage of a network ends: a tensor that everything passes on its way from the image to the embedding.</summary>
/// <param name="Name">What users call it.</param>
/// <param name="Tensor">Its tensor.</param>
/// <param name="Place">The number of the node that gives it.</param>
/// <param name="IsMap">Whether it has places, not only channels.</param>
internal sealed record StageEnd(string Name, string Tensor, int Place, bool IsMap);
