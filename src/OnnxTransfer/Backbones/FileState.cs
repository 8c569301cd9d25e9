namespace OnnxTransfer.Backbones;

/// <summary>Whether a backbone's ONNX file is there and is the one described.</summary>
public enum FileState
{
    /// <summary>Not there.</summary>
    Missing,

    /// <summary>There; the description gives no hash to hold it against.</summary>
    Present,

    /// <summary>There, and its SHA-256 is that of the description.</summary>
    Verified,

    /// <summary>There, but with other content than described.</summary>
    HashMismatch,
}
