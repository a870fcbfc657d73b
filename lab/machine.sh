# Shared by lab/boot and lab/run: of what the machine is made. What lab/boot keeps goes on only in a machine of
# exactly the same parts, so all of them are here.
# shellcheck shell=bash disable=SC2034

# Unless lab/run is told otherwise.
MEMORY=4096
CPUS=2

# Emulation works everywhere. One thread for all emulated processors: with several, one of them may still run
# the old translation of a kernel text that the tracer patches, and the kernel dies of an int3. gVisor's KVM
# platform wants a processor without MPX. The machine's time is that of its instructions, a nanosecond each, and
# not the host's: by that, an emulated processor is so slow that timers, and what they preempt, are a good part
# of all that it does, the more so the busier the host is, and every time-out in the machine is too short.
emulated=(-accel tcg,thread=single -icount shift=0,sleep=on -cpu max,mpx=off)
hardware=(-accel kvm -cpu host)
serial=ttyS0
# It tells a machine that goes on to draw new random numbers.
board=(-device vmgenid,guid=auto)

# arm64: the same of that board, which is only emulated, boots each time, and has no vmgenid. Pointers are signed
# by a cipher of QEMU's own: the architecture's takes an emulated processor most of its time.
arm64() {
  emulated=(-machine virt -accel tcg,thread=single -icount shift=0,sleep=on -cpu max,pauth-impdef=on)
  serial=ttyAMA0
  board=()
}

# How large the disk with the job seems to be: the machine may have been booted before there was a job.
JOB_MB=16384

# machine IMAGE DISK WORK WORDS: QEMU's arguments, in $args, but for those of acceleration, memory, processors
# and console. DISK are the options of the image's disk. WORK gets a file for each port.
machine() {
  # In QEMU's options, a comma in a path is written twice.
  local image=$1 disk=$2 work=$3 path=${3//,/,,} words=$4 port
  args=(
    -nodefaults -no-user-config -no-reboot -display none
    -kernel "$image/kernel" -initrd "$image/initrd"
    -append "console=$serial panic=-1 quiet mitigations=off $words"
    -drive "$disk,format=raw,if=virtio,cache=unsafe,werror=report"
    -drive "file=$path/job.tar,format=raw,if=virtio,readonly=on"
    "${board[@]}"
    -device virtio-serial-pci
  )
  for port in status stdout stderr files; do
    : > "$work/$port"
    args+=(
      -chardev "file,id=$port,path=$path/$port" -device "virtserialport,name=$port,chardev=$port"
    )
  done
}
