namespace OnnxTransfer.Backbones;

/// <summary>What the backbone must give for a certain image, computed where it was trained.</summary>
/// <param name="Image">The image's file name, beside the description.</param>
/// <param name="Taps">The taps whose embeddings are concatenated, in this order.</param>
/// <param name="Values">The embedding.</param>
public sealed record GoldenDescription(string Image, IReadOnlyList<string> Taps, IReadOnlyList<float> Values);
