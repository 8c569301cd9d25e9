namespace OnnxTransfer.Heads;

/// <summary>How far one embedding is from another.</summary>
public enum Distance
{
    /// <summary>The length of their difference.</summary>
    Euclidean,

    /// <summary>1 - the cosine of the angle between them: lengths do not count. An embedding of zeros is at 1 from everything.</summary>
    Cosine,
}
