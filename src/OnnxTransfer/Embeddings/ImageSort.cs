namespace OnnxTransfer.Embeddings;

/// <summary>What the images of a run are like.</summary>
/// <param name="Bytes">Mean size of a file.</param>
/// <param name="Pixels">Mean number of pixels.</param>
/// <param name="IsJpeg">Whether most are JPEG.</param>
internal readonly record struct ImageSort(double Bytes, double Pixels, bool IsJpeg);
