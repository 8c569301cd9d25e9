namespace OnnxTransfer.Backbones;

/// <summary>A network that can now be loaded as a backbone.</summary>
/// <param name="Description">What was written.</param>
/// <param name="DescriptionPath">Where.</param>
/// <param name="Analysis">What was found and what assumed.</param>
public sealed record ImportedBackbone(BackboneDescription Description, string DescriptionPath, ImportAnalysis Analysis);
