namespace OnnxTransfer.Embeddings;

/// <summary>One clock for each stage of the pipeline, in its order.</summary>
internal sealed class PipelineClocks
{
    public StageClock Read { get; } = new("read");

    public StageClock Decode { get; } = new("decode");

    public StageClock Resize { get; } = new("resize");

    public StageClock Infer { get; } = new("infer");

    public StageClock Write { get; } = new("write");

    public IReadOnlyList<StageWork> Work() => [Read.Work(), Decode.Work(), Resize.Work(), Infer.Work(), Write.Work()];
}
