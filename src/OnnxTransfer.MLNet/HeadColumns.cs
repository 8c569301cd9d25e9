namespace OnnxTransfer.MLNet;

/// <summary>The columns a head is fitted on; null where there is none.</summary>
internal sealed record HeadColumns(string Label, string Features, string? Weight, string? Group)
{
    public IEnumerable<string> Names() => new[] { Label, Features, Weight, Group }.OfType<string>();
}
