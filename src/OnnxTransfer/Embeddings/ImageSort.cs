namespace OnnxTransfer.Embeddings;

/// <summary>What the images of a run are like.</summary>
/// <param name="Pixels">Mean number of pixels.</param>
/// <param name="IsJpeg">Whether most are JPEG.</param>
/// <param name="Exactly">Whether JPEG was decoded as Pillow does, which can be made faster.</param>
internal readonly record struct ImageSort(double Pixels, bool IsJpeg, bool Exactly = true);
