namespace OnnxTransfer.Backbones;

/// <summary>Whether a backbone's ONNX file is there and is the one described.</summary>
public enum FileState
{
    /// <summary>There, and its SHA-256 is that of the description.</summary>
    Present,

    /// <summary>Not there.</summary>
    Missing,

    /// <summary>There, but with other content than described.</summary>
    HashMismatch,
}
